"""Right bodies for some of MultiPL-E's HumanEval problems in Java, written for `public_sets.py`, by problem.

All that return tuples but one (HumanEval_136, whose tests no program passes), all that return an Optional
but that one, and those with floats are among them. Like a model's completions they end before the method's
brace.
"""

from __future__ import annotations

_CODE = """
HumanEval_107_even_odd_palindrome
    long even = 0, odd = 0;
    for (long i = 1; i <= n; i++) {
        String digits = Long.toString(i);
        if (new StringBuilder(digits).reverse().toString().equals(digits)) {
            if (i % 2 == 0) even++; else odd++;
        }
    }
    return Pair.with(even, odd);
HumanEval_155_even_odd_count
    long even = Long.toString(Math.abs(num)).chars().filter(c -> (c - '0') % 2 == 0).count();
    return new Pair<>(even, Long.toString(Math.abs(num)).length() - even);
HumanEval_20_find_closest_elements
    ArrayList<Float> sorted = new ArrayList<>(numbers);
    Collections.sort(sorted);
    Pair<Float, Float> best = null;
    for (int i = 1; i < sorted.size(); i++) {
        float gap = sorted.get(i) - sorted.get(i - 1);
        if (best == null || gap < best.getValue1() - best.getValue0()) {
            best = Pair.with(sorted.get(i - 1), sorted.get(i));
        }
    }
    return best;
HumanEval_127_intersection
    long from = Math.max(interval1.getValue0(), interval2.getValue0());
    long to = Math.min(interval1.getValue1(), interval2.getValue1());
    long length = to - from;
    if (length < 2) {
        return "NO";
    }
    for (long i = 2; i * i <= length; i++) {
        if (length % i == 0) {
            return "NO";
        }
    }
    return "YES";
HumanEval_87_get_row
    ArrayList<Pair<Long, Long>> found = new ArrayList<>();
    for (int i = 0; i < lst.size(); i++) {
        for (int j = lst.get(i).size() - 1; j >= 0; j--) {
            if (lst.get(i).get(j) == x) {
                found.add(Pair.with((long) i, (long) j));
            }
        }
    }
    return found;
HumanEval_8_sum_product
    long sum = 0, product = 1;
    for (long number : numbers) {
        sum += number;
        product *= number;
    }
    return Pair.with(sum, product);
HumanEval_112_reverse_delete
    StringBuilder kept = new StringBuilder();
    for (char letter : s.toCharArray()) {
        if (c.indexOf(letter) < 0) {
            kept.append(letter);
        }
    }
    String text = kept.toString();
    return Pair.with(text, kept.reverse().toString().equals(text));
HumanEval_90_next_smallest
    return lst.stream().distinct().sorted().skip(1).findFirst();
HumanEval_128_prod_signs
    if (arr.isEmpty()) {
        return Optional.empty();
    }
    long sum = 0, sign = 1;
    for (Long one : arr) {
        sum += Math.abs(one);
        sign *= Long.signum(one);
    }
    return Optional.of(sum * sign);
HumanEval_12_longest
    Optional<String> best = Optional.empty();
    for (String one : strings) {
        if (best.isEmpty() || one.length() > best.get().length()) {
            best = Optional.of(one);
        }
    }
    return best;
HumanEval_162_string_to_md5
    if (text.isEmpty()) {
        return Optional.empty();
    }
    try {
        byte[] hash = MessageDigest.getInstance("MD5").digest(text.getBytes());
        return Optional.of(String.format("%032x", new BigInteger(1, hash)));
    } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
    }
HumanEval_71_triangle_area
    if (a + b <= c || a + c <= b || b + c <= a) {
        return -1;
    }
    double p = (a + b + c) / 2.0;
    return Math.round(Math.sqrt(p * (p - a) * (p - b) * (p - c)) * 100) / 100.0f;
HumanEval_45_triangle_area
    return a * h / 2.0f;
HumanEval_0_has_close_elements
    for (int i = 0; i < numbers.size(); i++) {
        for (int j = 0; j < i; j++) {
            if (Math.abs(numbers.get(i) - numbers.get(j)) < threshold) {
                return true;
            }
        }
    }
    return false;
HumanEval_2_truncate_number
    return number % 1;
HumanEval_21_rescale_to_unit
    float least = Collections.min(numbers), most = Collections.max(numbers);
    return numbers.stream().map(x -> (x - least) / (most - least))
            .collect(Collectors.toCollection(ArrayList::new));
HumanEval_47_median
    Collections.sort(l);
    int half = l.size() / 2;
    return l.size() % 2 == 1 ? l.get(half) : (l.get(half - 1) + l.get(half)) / 2.0f;
HumanEval_4_mean_absolute_deviation
    float mean = 0;
    for (float x : numbers) mean += x;
    mean /= numbers.size();
    float sum = 0;
    for (float x : numbers) sum += Math.abs(x - mean);
    return sum / numbers.size();
HumanEval_81_numerical_letter_grade
    float[] above = {3.7f, 3.3f, 3.0f, 2.7f, 2.3f, 2.0f, 1.7f, 1.3f, 1.0f, 0.7f, 0.0f};
    String[] letters = {"A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-"};
    ArrayList<String> found = new ArrayList<>();
    for (float grade : grades) {
        String letter = grade == 4.0f ? "A+" : "E";
        for (int i = above.length - 1; i >= 0 && grade < 4.0f; i--) {
            if (grade > above[i]) letter = letters[i];
        }
        found.add(letter);
    }
    return found;
HumanEval_151_double_the_difference
    long sum = 0;
    for (float x : lst) {
        if (x > 0 && x % 2 == 1) sum += (long) x * (long) x;
    }
    return sum;
HumanEval_133_sum_squares
    long sum = 0;
    for (Float x : lst) {
        long up = (long) Math.ceil(x);
        sum += up * up;
    }
    return sum;
HumanEval_111_histogram
    HashMap<String, Long> counts = new HashMap<>();
    for (String letter : test.split(" ")) {
        if (!letter.isEmpty()) counts.merge(letter, 1L, Long::sum);
    }
    long most = counts.values().stream().mapToLong(x -> x).max().orElse(0);
    counts.values().removeIf(count -> count < most);
    return counts;
HumanEval_115_max_fill
    long times = 0;
    for (ArrayList<Long> row : grid) {
        long water = row.stream().mapToLong(Long::longValue).sum();
        times += (water + capacity - 1) / capacity;
    }
    return times;
HumanEval_23_strlen
    return string.length();
HumanEval_53_add
    return x + y;
HumanEval_95_check_dict_case
    if (dict.isEmpty()) {
        return false;
    }
    boolean lower = true, upper = true;
    for (String key : dict.keySet()) {
        boolean letters = key.chars().allMatch(Character::isLetter);
        lower &= letters && key.equals(key.toLowerCase());
        upper &= letters && key.equals(key.toUpperCase());
    }
    return lower || upper;
HumanEval_22_filter_integers
    ArrayList<Long> found = new ArrayList<>();
    for (Object value : values) {
        if (value instanceof Long) found.add((Long) value);
    }
    return found;
HumanEval_25_factorize
    ArrayList<Long> factors = new ArrayList<>();
    for (long i = 2; n > 1; i++) {
        while (n % i == 0) {
            factors.add(i);
            n /= i;
        }
    }
    return factors;
HumanEval_29_filter_by_prefix
    return new ArrayList<>(strings.stream().filter(s -> s.startsWith(prefix)).toList());
HumanEval_34_unique
    return new ArrayList<>(new TreeSet<>(l));
HumanEval_35_max_element
    return help(l, 0);
    }
    private static long help(ArrayList<Long> l, int from) {
    return from == l.size() - 1 ? l.get(from) : Math.max(l.get(from), help(l, from + 1));
HumanEval_31_is_prime
    if (n < 2) {
        return false;
    }
    return LongStream.rangeClosed(2, (long) Math.sqrt(n)).noneMatch(i -> n % i == 0);
HumanEval_48_is_palindrome
    return new StringBuilder(text).reverse().toString().equals(text);
HumanEval_74_total_match
    ToInt size = list -> list.stream().mapToInt(String::length).sum();
    return size.of(lst1) <= size.of(lst2) ? lst1 : lst2;
    }
    interface ToInt {
        int of(ArrayList<String> list);
    }
    static void unused() {
HumanEval_17_parse_music
    ArrayList<Long> beats = new ArrayList<>();
    for (String note : music_string.split(" ")) {
        if (!note.isEmpty()) beats.add(note.equals("o") ? 4L : note.equals("o|") ? 2L : 1L);
    }
    return beats;
HumanEval_5_intersperse
    ArrayList<Long> result = new ArrayList<>();
    for (Long number : numbers) {
        if (!result.isEmpty()) result.add(delimeter);
        result.add(number);
    }
    return result;
HumanEval_9_rolling_max
    ArrayList<Long> result = new ArrayList<>();
    long most = Long.MIN_VALUE;
    for (long number : numbers) {
        most = Math.max(most, number);
        result.add(most);
    }
    return result;
HumanEval_105_by_length
    String[] names = {"One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"};
    return arr.stream().filter(x -> x >= 1 && x <= 9).sorted(Comparator.reverseOrder())
            .map(x -> names[x.intValue() - 1]).collect(Collectors.toCollection(ArrayList::new));
HumanEval_156_int_to_mini_roman
    int[] values = {1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1};
    String[] letters = {"m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"};
    StringBuilder roman = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
        for (; number >= values[i]; number -= values[i]) roman.append(letters[i]);
    }
    return roman.toString();
HumanEval_149_sorted_list_sum
    lst.removeIf(word -> word.length() % 2 == 1);
    lst.sort(Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()));
    return lst;
HumanEval_163_generate_integers
    return LongStream.rangeClosed(Math.min(a, b), Math.max(a, b)).filter(x -> x < 10 && x % 2 == 0).boxed()
            .collect(Collectors.toCollection(ArrayList::new));
HumanEval_6_parse_nested_parens
    ArrayList<Long> deepest = new ArrayList<>();
    for (String group : paren_string.split(" ")) {
        long depth = 0, most = 0;
        for (char c : group.toCharArray()) {
            depth += c == '(' ? 1 : -1;
            most = Math.max(most, depth);
        }
        if (!group.isEmpty()) deepest.add(most);
    }
    return deepest;
HumanEval_139_special_factorial
    long product = 1, factorial = 1;
    for (long i = 2; i <= n; i++) {
        factorial *= i;
        product *= factorial;
    }
    return product;
"""


def solutions() -> dict[str, str]:
    """Completions by task_id."""
    found: dict[str, str] = {}
    for line in _CODE.strip().splitlines():
        if line.startswith("HumanEval_"):
            name = line
            found[name] = ""
        else:
            found[name] += f"    {line}\n"
    return {name: body.rstrip("\n") for name, body in found.items()}
