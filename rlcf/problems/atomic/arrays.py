"""Atoms that take an int array. None of them changes the array it takes."""

from __future__ import annotations

from rlcf.problems.atomic.atoms import FLAG, INT, INTS, TEXT, Atom, table

INTS_TO_INTS = r"""
add $k to each number / increase every number by $k
    Arrays.stream($x).map(v -> v + $k).toArray()
subtract $k from each number / decrease every number by $k
    Arrays.stream($x).map(v -> v - $k).toArray()
multiply each number by $k / scale every number by $k
    Arrays.stream($x).map(v -> v * $k).toArray()
take each number modulo $k / replace every number by its remainder by $k
    Arrays.stream($x).map(v -> v % $k).toArray()
square each number / replace every number by its square
    Arrays.stream($x).map(v -> v * v).toArray()
negate each number / flip the sign of every number
    Arrays.stream($x).map(v -> -v).toArray()
take each absolute value / drop the sign of every number
    Arrays.stream($x).map(Math::abs).toArray()
cap each number at $k / lower every number above $k to $k
    Arrays.stream($x).map(v -> Math.min(v, $k)).toArray()
raise each number to at least $k / lift every number below $k to $k
    Arrays.stream($x).map(v -> Math.max(v, $k)).toArray()
replace the negatives by 0 / turn negative numbers into 0
    Arrays.stream($x).map(v -> v < 0 ? 0 : v).toArray()
keep the even numbers / remove the odd numbers
    Arrays.stream($x).filter(v -> v % 2 == 0).toArray()
keep the odd numbers / remove the even numbers
    Arrays.stream($x).filter(v -> v % 2 != 0).toArray()
keep the positive numbers / remove the numbers up to zero
    Arrays.stream($x).filter(v -> v > 0).toArray()
keep the negative numbers / remove the numbers from zero on
    Arrays.stream($x).filter(v -> v < 0).toArray()
keep the numbers above $k / remove the numbers up to $k
    Arrays.stream($x).filter(v -> v > $k).toArray()
keep the numbers below $k / remove the numbers from $k on
    Arrays.stream($x).filter(v -> v < $k).toArray()
keep the multiples of $k / remove what $k does not divide
    Arrays.stream($x).filter(v -> v % $k == 0).toArray()
remove the multiples of $k / keep what $k does not divide
    Arrays.stream($x).filter(v -> v % $k != 0).toArray()
sort the numbers / put the numbers in rising order
    Arrays.stream($x).sorted().toArray()
sort the numbers falling / put the numbers in falling order
    Arrays.stream($x).map(v -> -v).sorted().map(v -> -v).toArray()
remove repeated numbers / keep each number once
    Arrays.stream($x).distinct().toArray()
keep the first $k numbers / take the first $k numbers
    Arrays.stream($x).limit($k).toArray()
skip the first $k numbers / remove the first $k numbers
    Arrays.stream($x).skip($k).toArray()
keep the last $k numbers / take the last $k numbers
    Arrays.copyOfRange($x, Math.max(0, $x.length - $k), $x.length)
cut or fill with zeros to $k numbers / make it $k numbers long
    Arrays.copyOf($x, $k)
append $k / put $k at the end
    int[] $y = Arrays.copyOf($x, $x.length + 1);
    $y[$x.length] = $k;
reverse the numbers / put the numbers in reverse order
    int[] $y = $x.clone();
    for (int i = 0; i < $y.length; i++) $y[i] = $x[$y.length - 1 - i];
take the running sums / sum up to each place
    int[] $y = $x.clone();
    for (int i = 1; i < $y.length; i++) $y[i] += $y[i - 1];
take the running maximum / take the largest number up to each place
    int[] $y = $x.clone();
    for (int i = 1; i < $y.length; i++) $y[i] = Math.max($y[i], $y[i - 1]);
add its index to each number / increase every number by its place
    int[] $y = $x.clone();
    for (int i = 0; i < $y.length; i++) $y[i] += i;
multiply each number by its index / scale every number by its place
    int[] $y = $x.clone();
    for (int i = 0; i < $y.length; i++) $y[i] *= i;
take the differences of neighbours / subtract each number from the next
    int[] $y = new int[Math.max(0, $x.length - 1)];
    for (int i = 0; i < $y.length; i++) $y[i] = $x[i + 1] - $x[i];
keep every second number / take the numbers at even places
    int[] $y = new int[($x.length + 1) / 2];
    for (int i = 0; i < $y.length; i++) $y[i] = $x[2 * i];
"""

INTS_TO_INT = r"""
sum the numbers / add up the numbers
    Arrays.stream($x).sum()
take the largest number / find the maximum
    Arrays.stream($x).max().orElse(0)
take the smallest number / find the minimum
    Arrays.stream($x).min().orElse(0)
count the numbers / take the length of the array
    $x.length
count the even numbers / take how many numbers are even
    (int) Arrays.stream($x).filter(v -> v % 2 == 0).count()
count the odd numbers / take how many numbers are odd
    (int) Arrays.stream($x).filter(v -> v % 2 != 0).count()
count the positive numbers / take how many numbers are positive
    (int) Arrays.stream($x).filter(v -> v > 0).count()
count the numbers above $k / take how many numbers are above $k
    (int) Arrays.stream($x).filter(v -> v > $k).count()
count the multiples of $k / take how many numbers $k divides
    (int) Arrays.stream($x).filter(v -> v % $k == 0).count()
count the different numbers / take how many numbers are distinct
    (int) Arrays.stream($x).distinct().count()
take the average rounded toward zero / find the whole mean
    (int) Arrays.stream($x).average().orElse(0)
take the spread from smallest to largest / find the range
    Arrays.stream($x).max().orElse(0) - Arrays.stream($x).min().orElse(0)
take the first number or 0 / take the head or 0
    $x.length > 0 ? $x[0] : 0
take the last number or 0 / take the tail end or 0
    $x.length > 0 ? $x[$x.length - 1] : 0
sum the squares / add up the squares of the numbers
    int $y = 0;
    for (int v : $x) $y += v * v;
sum the absolute values / add up the sizes of the numbers
    int $y = 0;
    for (int v : $x) $y += Math.abs(v);
sum the even numbers / add up the even numbers
    int $y = 0;
    for (int v : $x) if (v % 2 == 0) $y += v;
sum the numbers above $k / add up the numbers above $k
    int $y = 0;
    for (int v : $x) if (v > $k) $y += v;
take the alternating sum / add and subtract the numbers in turn
    int $y = 0;
    for (int v : $x) $y = v - $y;
count the rises between neighbours / take how often the next number is larger
    int $y = 0;
    for (int i = 1; i < $x.length; i++) if ($x[i] > $x[i - 1]) $y++;
"""

INTS_TO_FLAG = r"""
check if $k is in it / does it contain $k
    Arrays.stream($x).anyMatch(v -> v == $k)
check if all numbers are positive / are all numbers above zero
    Arrays.stream($x).allMatch(v -> v > 0)
check if all numbers are even / are all numbers even
    Arrays.stream($x).allMatch(v -> v % 2 == 0)
check if any number is negative / is any number below zero
    Arrays.stream($x).anyMatch(v -> v < 0)
check if any number is above $k / is any number more than $k
    Arrays.stream($x).anyMatch(v -> v > $k)
check if any number repeats / are there duplicates
    Arrays.stream($x).distinct().count() < $x.length
check if it has more than $k numbers / is the array longer than $k
    $x.length > $k
check if the sum is even / do the numbers sum to an even one
    Arrays.stream($x).sum() % 2 == 0
check if it is sorted / are the numbers in rising order
    boolean $y = true;
    for (int i = 1; i < $x.length; i++) if ($x[i] < $x[i - 1]) $y = false;
"""

INTS_TO_TEXT = r"""
write the array as text / turn the array into a string
    Arrays.toString($x)
join the numbers / write the numbers without spaces
    String $y = "";
    for (int v : $x) $y += v;
write each number behind a space / join the numbers with leading spaces
    String $y = "";
    for (int v : $x) $y += " " + v;
write each number before a semicolon / end every number with a semicolon
    String $y = "";
    for (int v : $x) $y += v + ";";
write + for each positive number and - otherwise / draw the signs
    String $y = "";
    for (int v : $x) $y += v > 0 ? "+" : "-";
"""

ARRAY_ATOMS: tuple[Atom, ...] = (
    *table(INTS, INTS, INTS_TO_INTS),
    *table(INTS, INT, INTS_TO_INT),
    *table(INTS, FLAG, INTS_TO_FLAG),
    *table(INTS, TEXT, INTS_TO_TEXT),
)
