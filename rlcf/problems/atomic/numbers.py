"""Atoms that take an int or a boolean."""

from __future__ import annotations

from rlcf.problems.atomic.atoms import FLAG, INT, INTS, TEXT, Atom, table

INT_TO_INT = r"""
add $k / increase it by $k / plus $k
    $x + $k
subtract $k / decrease it by $k / minus $k
    $x - $k
multiply by $k / take it $k times / scale it by $k
    $x * $k
divide by $k / take the quotient by $k
    $x / $k
take the remainder by $k / modulo $k
    $x % $k
take the floor modulo by $k / wrap it below $k
    Math.floorMod($x, $k)
subtract it from $k / take $k minus it
    $k - $x
negate it / flip its sign / take its opposite
    -$x
square it / multiply it by itself / raise it to the second power
    $x * $x
cube it / raise it to the third power
    $x * $x * $x
take its absolute value / drop its sign / make it nonnegative
    Math.abs($x)
take the larger of it and $k / raise it to at least $k
    Math.max($x, $k)
take the smaller of it and $k / cap it at $k
    Math.min($x, $k)
double it / take twice it
    $x * 2
halve it / take half of it
    $x / 2
take its sign / turn it into its sign
    Integer.signum($x)
take its distance to $k / take how far it is from $k
    Math.abs($x - $k)
take its last digit / take its units digit
    Math.abs($x % 10)
drop its last digit / remove its units digit
    $x / 10
append the digit $k / write $k behind it as a digit
    $x * 10 + $k
round it toward zero to a multiple of $k / drop the remainder by $k
    $x / $k * $k
count its digits / take how many digits it has
    String.valueOf(Math.abs($x)).length()
sum its digits / take its digit sum
    int $y = 0;
    for (int v = Math.abs($x); v > 0; v /= 10) $y += v % 10;
reverse its digits / read its digits backwards
    int $y = 0;
    for (int v = Math.abs($x); v > 0; v /= 10) $y = $y * 10 + v % 10;
take its largest digit / take its maximum digit
    int $y = 0;
    for (int v = Math.abs($x); v > 0; v /= 10) $y = Math.max($y, v % 10);
count its one bits / take its bit count
    Integer.bitCount($x)
take its exclusive or with $k / xor it with $k
    $x ^ $k
take its bitwise or with $k / or it with $k
    $x | $k
take its triangular number / sum the numbers from 1 to it
    $x * ($x + 1) / 2
take a Collatz step / halve it if even, else triple it plus 1
    $x % 2 == 0 ? $x / 2 : 3 * $x + 1
multiply by $k if it is even / scale even numbers by $k
    $x % 2 == 0 ? $x * $k : $x
add $k if it is odd / increase odd numbers by $k
    $x % 2 != 0 ? $x + $k : $x
replace it by 0 if negative / turn negatives into 0
    $x < 0 ? 0 : $x
"""

INT_TO_FLAG = r"""
check if it is even / is it even
    $x % 2 == 0
check if it is odd / is it odd
    $x % 2 != 0
check if it is positive / is it above zero
    $x > 0
check if it is negative / is it below zero
    $x < 0
check if it is greater than $k / is it more than $k
    $x > $k
check if it is less than $k / is it under $k
    $x < $k
check if it is at least $k / is it $k or more
    $x >= $k
check if $k divides it / is it a multiple of $k
    $x % $k == 0
check if it ends in $k / is its last digit $k
    Math.abs($x % 10) == $k
check if it is prime / is it a prime number
    boolean $y = $x > 1;
    for (int i = 2; i <= $x / i; i++) if ($x % i == 0) $y = false;
check if it has $k digits or more / is it $k digits long or longer
    String.valueOf(Math.abs($x)).length() >= $k
"""

INT_TO_TEXT = r"""
write it as text / turn it into a string
    String.valueOf($x)
write it in binary / take its binary digits
    Integer.toBinaryString($x)
write it in hex / take its hex digits
    Integer.toHexString($x)
write it after a hash sign / put # before it
    "#" + $x
write it with a percent sign / put % behind it
    $x + "%"
write it in parentheses / put it in round brackets
    "(" + $x + ")"
write it $k times in a row / repeat its text $k times
    String.valueOf($x).repeat($k)
pad it with zeros to width $k / write it at least $k wide with zeros
    String.format("%0$kd", $x)
say even or odd / name its parity
    $x % 2 == 0 ? "even" : "odd"
say minus or plus / name its sign
    $x < 0 ? "minus" : "plus"
say big if it is over $k, else small / name it big or small against $k
    $x > $k ? "big" : "small"
"""

INT_TO_INTS = r"""
list its digits / split it into digits
    String.valueOf(Math.abs($x)).chars().map(v -> v - '0').toArray()
pair it with $k / list it and $k
    new int[] {$x, $k}
list it and its opposite / pair it with its negation
    new int[] {$x, -$x}
list it and its square / pair it with its square
    new int[] {$x, $x * $x}
list its quotient and remainder by $k / pair its quotient and remainder by $k
    new int[] {$x / $k, $x % $k}
list $k copies of it / make an array of $k times it
    int[] $y = new int[$k];
    Arrays.fill($y, $x);
list its first $k multiples / list $k multiples of it
    int[] $y = new int[$k];
    for (int i = 0; i < $k; i++) $y[i] = $x * (i + 1);
list $k numbers counting up from it / count up from it $k long
    int[] $y = new int[$k];
    for (int i = 0; i < $k; i++) $y[i] = $x + i;
list $k numbers counting down from it / count down from it $k long
    int[] $y = new int[$k];
    for (int i = 0; i < $k; i++) $y[i] = $x - i;
"""

FLAG_ATOMS = (
    *table(
        FLAG,
        FLAG,
        r"""
negate the answer / take the opposite truth
    !$x
""",
    ),
    *table(
        FLAG,
        INT,
        r"""
give 1 if true, else 0 / turn true into 1 and false into 0
    $x ? 1 : 0
give $k if true, else 0 / turn true into $k and false into 0
    $x ? $k : 0
give 1 if true, else -1 / turn true into 1 and false into -1
    $x ? 1 : -1
""",
    ),
    *table(
        FLAG,
        TEXT,
        r"""
say yes or no / answer yes or no
    $x ? "yes" : "no"
write the truth as text / turn the truth into a string
    String.valueOf($x)
""",
    ),
)

NUMBER_ATOMS: tuple[Atom, ...] = (
    *table(INT, INT, INT_TO_INT),
    *table(INT, FLAG, INT_TO_FLAG),
    *table(INT, TEXT, INT_TO_TEXT),
    *table(INT, INTS, INT_TO_INTS),
    *FLAG_ATOMS,
)
