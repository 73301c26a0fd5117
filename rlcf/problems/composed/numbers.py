"""More atoms on numbers: number theory, bits, conditions, sequences. See `atomic.atoms` for the templates."""

from __future__ import annotations

from rlcf.problems.atomic.atoms import FLAG, INT, INTS, TEXT, Atom, table

NUMBER_THEORY = (
    *table(
        INT,
        INT,
        r"""
take its greatest common divisor with $k / take the gcd with $k
    int $y = 1;
    for (int i = 2; i <= $k; i++) if ($x % i == 0 && $k % i == 0) $y = i;
count its divisors up to $k / take how many numbers up to $k divide it
    int $y = 0;
    for (int i = 1; i <= $k; i++) if ($x % i == 0) $y++;
take its least prime factor or itself / take its smallest divisor above 1
    int $y = $x;
    for (int i = 2; i <= $x / i && $y == $x; i++) if ($x % i == 0) $y = i;
take its whole square root / round its square root down
    (int) Math.sqrt(Math.abs($x))
round it up to a multiple of $k / take the next multiple of $k from it on
    $x + Math.floorMod(-$x, $k)
""",
    ),
    *table(
        INT,
        FLAG,
        r"""
check if it is a square number / is it a perfect square
    (int) Math.sqrt($x) * (int) Math.sqrt($x) == $x
""",
    ),
    *table(
        INT,
        INTS,
        r"""
list its divisors up to $k / collect the numbers up to $k that divide it
    List<Integer> $a = new ArrayList<>();
    for (int i = 1; i <= $k; i++) if ($x % i == 0) $a.add(i);
    int[] $y = $a.stream().mapToInt(v -> v).toArray();
""",
    ),
)

BITS = (
    *table(
        INT,
        INT,
        r"""
shift its bits left by $k / move its bits up by $k
    $x << $k
shift its bits right by $k / move its bits down by $k
    $x >> $k
take its bitwise and with $k / and it with $k
    $x & $k
take its complement / flip all its bits
    ~$x
clear its lowest one bit / drop its lowest one bit
    $x & ($x - 1)
count its trailing zero bits / take how many zero bits it ends in
    Integer.numberOfTrailingZeros($x)
""",
    ),
    *table(
        INT,
        FLAG,
        r"""
check if it is a power of two / is it 1, 2, 4, 8 and so on
    $x > 0 && ($x & ($x - 1)) == 0
check if its bit $k is set / is its bit $k a one
    ($x >> $k & 1) == 1
""",
    ),
    *table(
        INTS,
        INT,
        r"""
take the exclusive or of the numbers / xor the numbers together
    int $y = 0;
    for (int v : $x) $y ^= v;
take the bitwise or of the numbers / or the numbers together
    int $y = 0;
    for (int v : $x) $y |= v;
""",
    ),
    *table(
        INTS,
        INTS,
        r"""
count the one bits of each number / replace every number by its bit count
    Arrays.stream($x).map(Integer::bitCount).toArray()
""",
    ),
)

LOGIC = (
    *table(
        INT,
        FLAG,
        r"""
check if it lies from 2 to $k / is it at least 2 and at most $k
    $x >= 2 && $x <= $k
check if it is even or negative / is it even or below zero
    $x % 2 == 0 || $x < 0
check if it is odd and above $k / is it odd and more than $k
    $x % 2 != 0 && $x > $k
""",
    ),
    *table(
        FLAG,
        TEXT,
        r"""
say on or off / answer on or off
    $x ? "on" : "off"
""",
    ),
    *table(
        FLAG,
        INTS,
        r"""
list 1 and $k if true, else $k and 1 / order 1 and $k by the answer
    $x ? new int[] {1, $k} : new int[] {$k, 1}
""",
    ),
)

SEQUENCES = table(
    INT,
    INTS,
    r"""
list $k Fibonacci numbers from it on / add the last two from it on, $k long
    int[] $y = new int[$k];
    for (int i = 0; i < $k; i++) $y[i] = i < 2 ? $x : $y[i - 1] + $y[i - 2];
list it and its halves, $k long / halve it again and again, $k long
    int[] $y = new int[$k];
    for (int i = 0; i < $k; i++) $y[i] = i == 0 ? $x : $y[i - 1] / 2;
list $k numbers of step $k from it / count up from it by $k, $k long
    int[] $y = new int[$k];
    for (int i = 0; i < $k; i++) $y[i] = $x + i * $k;
""",
)

NUMBER_TOPICS: dict[str, tuple[Atom, ...]] = {
    "number theory": NUMBER_THEORY,
    "bits": BITS,
    "logic": LOGIC,
    "sequences": SEQUENCES,
}
