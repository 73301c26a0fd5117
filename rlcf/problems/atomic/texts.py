"""Atoms that take a String."""

from __future__ import annotations

from rlcf.problems.atomic.atoms import FLAG, INT, INTS, TEXT, Atom, table

TEXT_TO_TEXT = r"""
make it upper case / turn it into capitals
    $x.toUpperCase()
make it lower case / turn it into small letters
    $x.toLowerCase()
reverse the string / write it backwards
    new StringBuilder($x).reverse().toString()
strip the outer spaces / trim it
    $x.strip()
remove the spaces / delete all spaces
    $x.replace(" ", "")
remove the vowels / delete all vowels
    $x.replaceAll("[aeiouAEIOU]", "")
remove the digits / delete all digits
    $x.replaceAll("[0-9]", "")
keep only the digits / delete all but digits
    $x.replaceAll("[^0-9]", "")
keep only the letters / delete all but letters
    $x.replaceAll("[^a-zA-Z]", "")
keep only the capitals / delete all but upper case
    $x.replaceAll("[^A-Z]", "")
replace spaces by underscores / put _ for each space
    $x.replace(" ", "_")
replace a by o / put o for each a
    $x.replace("a", "o")
replace each vowel by a star / put * for each vowel
    $x.replaceAll("[aeiouAEIOU]", "*")
repeat it $k times / write the string $k times
    $x.repeat($k)
append an exclamation mark / put ! at the end
    $x + "!"
append a question mark / put ? at the end
    $x + "?"
append the digit $k to the text / put $k behind the text
    $x + $k
append its length / put its length at the end
    $x + $x.length()
put it in square brackets / wrap it in brackets
    "[" + $x + "]"
put a star before and behind it / wrap it in stars
    "*" + $x + "*"
greet it / put Hello before it
    "Hello " + $x
append it to itself / write it twice
    $x + $x
keep the first $k characters / take the first $k characters
    $x.substring(0, Math.min($k, $x.length()))
skip the first $k characters / remove the first $k characters
    $x.substring(Math.min($k, $x.length()))
keep the last $k characters / take the last $k characters
    $x.substring(Math.max(0, $x.length() - $k))
skip the last $k characters / remove the last $k characters
    $x.substring(0, Math.max(0, $x.length() - $k))
take the first word / keep what stands before the first space
    $x.split(" ", 2)[0]
take the last word / keep what stands behind the last space
    $x.substring($x.lastIndexOf(" ") + 1)
write each character twice / double every character
    String $y = "";
    for (char c : $x.toCharArray()) $y += "" + c + c;
put a dash behind each character / write every character with a dash
    String $y = "";
    for (char c : $x.toCharArray()) $y += c + "-";
take every second character / keep the characters at even places
    String $y = "";
    for (int i = 0; i < $x.length(); i += 2) $y += $x.charAt(i);
sort the characters / put the characters in order
    char[] $a = $x.toCharArray();
    Arrays.sort($a);
    String $y = new String($a);
shift each character by one / replace every character by the next
    String $y = "";
    for (char c : $x.toCharArray()) $y += (char) (c + 1);
"""

TEXT_TO_INT = r"""
take the length of the string / count the characters
    $x.length()
count the vowels / take how many vowels there are
    $x.replaceAll("[^aeiouAEIOU]", "").length()
count the digits in the text / take how many digits there are
    $x.replaceAll("[^0-9]", "").length()
count the letters / take how many letters there are
    $x.replaceAll("[^a-zA-Z]", "").length()
count the capitals / take how many capitals there are
    $x.replaceAll("[^A-Z]", "").length()
count the spaces / take how many spaces there are
    $x.replaceAll("[^ ]", "").length()
count the different characters / take how many characters are distinct
    (int) $x.chars().distinct().count()
find the first space / take the index of the first space
    $x.indexOf(" ")
find the last a / take the last index of a
    $x.lastIndexOf("a")
sum the character codes / add up the codes of the characters
    $x.chars().sum()
take the largest character code / find the maximum code
    $x.chars().max().orElse(0)
sum the digits in the text / add up the digits there are
    int $y = 0;
    for (char c : $x.toCharArray()) if (c >= '0' && c <= '9') $y += c - '0';
count the letter e / take how often e occurs
    int $y = 0;
    for (char c : $x.toCharArray()) if (c == 'e') $y++;
count the words / take how many words there are
    $x.isBlank() ? 0 : $x.strip().split(" +").length
"""

TEXT_TO_FLAG = r"""
check if it reads the same backwards / is it a palindrome
    new StringBuilder($x).reverse().toString().equals($x)
check if it has a space / does it contain a space
    $x.contains(" ")
check if it has an e / does it contain the letter e
    $x.contains("e")
check if it has a digit / does it contain a digit
    $x.matches(".*[0-9].*")
check if it starts with a capital / does it begin in upper case
    $x.matches("[A-Z].*")
check if it starts with a vowel / does it begin with a vowel
    $x.matches("[aeiouAEIOU].*")
check if it has no capitals / is it all lower case
    $x.equals($x.toLowerCase())
check if it is longer than $k / does it have more than $k characters
    $x.length() > $k
check if it is shorter than $k / does it have under $k characters
    $x.length() < $k
check if its length is even / does it have an even length
    $x.length() % 2 == 0
"""

TEXT_TO_INTS = r"""
list the character codes / turn it into its codes
    $x.chars().toArray()
list the word lengths / measure the words
    Arrays.stream($x.split(" ")).mapToInt(String::length).toArray()
list the digits in the text / collect its digits
    $x.chars().filter(v -> v >= '0' && v <= '9').map(v -> v - '0').toArray()
list the alphabet places of its letters / number its letters from 1
    $x.toLowerCase().chars().filter(v -> v >= 'a' && v <= 'z').map(v -> v - 'a' + 1).toArray()
"""

TEXT_ATOMS: tuple[Atom, ...] = (
    *table(TEXT, TEXT, TEXT_TO_TEXT),
    *table(TEXT, INT, TEXT_TO_INT),
    *table(TEXT, FLAG, TEXT_TO_FLAG),
    *table(TEXT, INTS, TEXT_TO_INTS),
)
