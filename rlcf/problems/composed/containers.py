"""Atoms that search, sort, or work with a list, set or map inside; what they take and give is plain."""

from __future__ import annotations

from rlcf.problems.atomic.atoms import FLAG, INT, INTS, TEXT, Atom, table
from rlcf.problems.composed.characters import CHAR

SEARCHING = (
    *table(
        INTS,
        INT,
        r"""
find the first place of $k or -1 / take the first index of $k
    int $y = -1;
    for (int i = $x.length - 1; i >= 0; i--) if ($x[i] == $k) $y = i;
find the place of the largest number or -1 / take the index of the maximum
    int $y = -1;
    for (int i = 0; i < $x.length; i++) if ($y < 0 || $x[i] > $x[$y]) $y = i;
take the second largest number or 0 / find the runner-up or 0
    Arrays.stream($x).map(v -> -v).sorted().skip(1).map(v -> -v).findFirst().orElse(0)
take the first number above $k or 0 / find a number above $k or 0
    Arrays.stream($x).filter(v -> v > $k).findFirst().orElse(0)
take the middle number in order or 0 / find the upper median or 0
    int[] $a = $x.clone();
    Arrays.sort($a);
    int $y = $a.length > 0 ? $a[$a.length / 2] : 0;
""",
    ),
    *table(
        INTS,
        INTS,
        r"""
sort the numbers without regard to sign / put the numbers in order of absolute value
    Arrays.stream($x).boxed().sorted(Comparator.comparing(v -> Math.abs(v))).mapToInt(v -> v).toArray()
rotate the numbers left by one / move the first number to the end
    int[] $y = new int[$x.length];
    for (int i = 0; i < $y.length; i++) $y[i] = $x[(i + 1) % $y.length];
take the $k smallest numbers / keep the lowest $k numbers in order
    Arrays.stream($x).sorted().limit($k).toArray()
""",
    ),
    *table(
        INTS,
        FLAG,
        r"""
check if it falls / are the numbers in falling order
    boolean $y = true;
    for (int i = 1; i < $x.length; i++) if ($x[i] > $x[i - 1]) $y = false;
""",
    ),
)

ON_ARRAYS = (
    *table(
        INTS,
        INTS,
        r"""
make a sorted set of it / list the different numbers in rising order
    Set<Integer> $a = new TreeSet<>();
    for (int v : $x) $a.add(v);
    int[] $y = $a.stream().mapToInt(v -> v).toArray();
keep the numbers that occur once / remove all numbers that repeat
    Map<Integer, Integer> $a = new HashMap<>();
    for (int v : $x) $a.merge(v, 1, Integer::sum);
    int[] $y = Arrays.stream($x).filter(v -> $a.get(v) == 1).toArray();
replace each number by how often it occurs / map every number to its count
    Map<Integer, Integer> $a = new HashMap<>();
    for (int v : $x) $a.merge(v, 1, Integer::sum);
    int[] $y = Arrays.stream($x).map(v -> $a.get(v)).toArray();
count the numbers by value, smallest first / list the counts in order of value
    Map<Integer, Integer> $a = new TreeMap<>();
    for (int v : $x) $a.merge(v, 1, Integer::sum);
    int[] $y = $a.values().stream().mapToInt(v -> v).toArray();
keep the numbers seen before / keep only the repetitions
    Set<Integer> $a = new HashSet<>();
    int[] $y = Arrays.stream($x).filter(v -> !$a.add(v)).toArray();
keep the record highs / keep each number above all before it
    List<Integer> $a = new ArrayList<>();
    for (int v : $x) if ($a.isEmpty() || v > $a.get($a.size() - 1)) $a.add(v);
    int[] $y = $a.stream().mapToInt(v -> v).toArray();
""",
    ),
    *table(
        INTS,
        INT,
        r"""
take the highest count of a number / take how often the most frequent number occurs
    Map<Integer, Integer> $a = new HashMap<>();
    for (int v : $x) $a.merge(v, 1, Integer::sum);
    int $y = $a.isEmpty() ? 0 : Collections.max($a.values());
take the first repeated number or 0 / find the first number seen before or 0
    Set<Integer> $a = new HashSet<>();
    int $y = 0;
    for (int v : $x) if (!$a.add(v) && $y == 0) $y = v;
""",
    ),
    *table(
        INTS,
        FLAG,
        r"""
check if two numbers sum to $k / do two numbers add up to $k
    Set<Integer> $a = new HashSet<>();
    boolean $y = false;
    for (int v : $x) {
        $y |= $a.contains($k - v);
        $a.add(v);
    }
""",
    ),
)

ON_TEXTS = (
    *table(
        TEXT,
        TEXT,
        r"""
sort the words / put the words in order
    String[] $a = $x.split(" ");
    Arrays.sort($a);
    String $y = String.join(" ", $a);
reverse the words / put the words in reverse order
    List<String> $a = Arrays.asList($x.split(" "));
    Collections.reverse($a);
    String $y = String.join(" ", $a);
remove repeated words / keep each word once
    String.join(" ", new LinkedHashSet<>(Arrays.asList($x.split(" "))))
remove repeated characters / keep each character once
    Set<Character> $a = new LinkedHashSet<>();
    String $y = "";
    for (char d : $x.toCharArray()) if ($a.add(d)) $y += d;
""",
    ),
    *table(
        TEXT,
        INT,
        r"""
count the different words / take how many words are distinct
    new HashSet<>(Arrays.asList($x.split(" "))).size()
take the highest count of a character / take how often the most frequent character occurs
    Map<Character, Integer> $a = new HashMap<>();
    for (char d : $x.toCharArray()) $a.merge(d, 1, Integer::sum);
    int $y = $a.isEmpty() ? 0 : Collections.max($a.values());
""",
    ),
    *table(
        TEXT,
        INTS,
        r"""
count the characters by value / list the character counts in order of value
    Map<Character, Integer> $a = new TreeMap<>();
    for (char d : $x.toCharArray()) $a.merge(d, 1, Integer::sum);
    int[] $y = $a.values().stream().mapToInt(v -> v).toArray();
""",
    ),
    *table(
        TEXT,
        CHAR,
        r"""
take the first repeated character or a space / find the first character seen before or a space
    Set<Character> $a = new HashSet<>();
    char $y = ' ';
    for (char d : $x.toCharArray()) if (!$a.add(d) && $y == ' ') $y = d;
""",
    ),
)

CONTAINER_TOPICS: dict[str, tuple[Atom, ...]] = {
    "sorting and searching": SEARCHING,
    "collections": (*ON_ARRAYS, *ON_TEXTS),
}
