package javabox.judge.compile;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of the JDK's libraries that are newer than Java 17, and since when they are there to stay.
 *
 * <p>From `javac --release N` of JDK 25, N from 17 to 25: the public names of java.lang, java.util (and below), java.math,
 * java.time and java.io that a name of javac's error is looked up by. A method is listed where it is declared first; its
 * owner's subtypes have it too. Not covered: overloads of older names, other packages, previews.
 */
final class NewerApi {
    /** A line a release and a type, with its names. */
    private static final List<String[]> MEMBERS = """
            18 java.lang.Math ceilDiv ceilDivExact ceilMod divideExact floorDivExact unsignedMultiplyHigh
            18 java.time.Duration isPositive
            19 java.lang.Integer compress expand
            19 java.lang.Long compress expand
            19 java.lang.Math TAU
            19 java.lang.Thread threadId
            19 java.math.BigDecimal TWO
            19 java.math.BigInteger parallelMultiply
            19 java.util.HashMap newHashMap
            19 java.util.HashSet newHashSet
            19 java.util.LinkedHashMap newLinkedHashMap
            19 java.util.LinkedHashSet newLinkedHashSet
            19 java.util.Locale of
            19 java.util.Objects toIdentityString
            19 java.util.Random from
            19 java.util.concurrent.ExecutorService close
            19 java.util.concurrent.Future exceptionNow resultNow state
            20 java.util.regex.MatchResult hasMatch namedGroups
            20 java.util.regex.Pattern namedGroups
            21 java.lang.Character isEmoji isEmojiComponent isEmojiModifier isEmojiPresentation isExtendedPictographic
            21 java.lang.Math clamp
            21 java.lang.String splitWithDelimiters
            21 java.lang.StringBuffer repeat
            21 java.lang.StringBuilder repeat
            21 java.lang.Thread isVirtual ofPlatform ofVirtual startVirtualThread
            21 java.util.Collections newSequencedSetFromMap unmodifiableSequencedCollection
            21 java.util.Collections unmodifiableSequencedMap unmodifiableSequencedSet
            21 java.util.Deque reversed
            21 java.util.LinkedHashMap firstEntry lastEntry pollFirstEntry pollLastEntry putFirst putLast reversed
            21 java.util.LinkedHashMap sequencedEntrySet sequencedKeySet sequencedValues
            21 java.util.LinkedHashSet addFirst addLast getFirst getLast removeFirst removeLast reversed
            21 java.util.List addFirst addLast getFirst getLast removeFirst removeLast reversed
            21 java.util.SortedMap firstEntry lastEntry pollFirstEntry pollLastEntry putFirst putLast reversed
            21 java.util.SortedMap sequencedEntrySet sequencedKeySet sequencedValues
            21 java.util.SortedSet addFirst addLast getFirst getLast removeFirst removeLast reversed
            21 java.util.concurrent.Executors newThreadPerTaskExecutor newVirtualThreadPerTaskExecutor
            21 java.util.regex.Pattern splitWithDelimiters
            22 java.util.random.RandomGenerator equiDoubles
            24 java.io.Reader of
            24 java.util.stream.Stream gather
            25 java.io.Reader readAllAsString readAllLines
            25 java.lang.CharSequence getChars
            25 java.lang.Math powExact unsignedMultiplyExact unsignedPowExact
            """.lines().map(line -> line.split(" ")).toList();

    private static final List<String[]> TYPES = """
            21 java.lang MatchException
            21 java.util SequencedCollection SequencedMap SequencedSet
            22 java.text ListFormat
            24 java.util.stream Gatherer Gatherers
            25 java.lang IO ScopedValue
            """.lines().map(line -> line.split(" ")).toList();

    private static final Pattern UNKNOWN = Pattern.compile("\\s*symbol:\\s+(?:(method|variable|class|interface) )"
            + "([\\w$]+).*?\\s*location: (?:variable \\S+ of type|class|interface|package) ([\\w.$]+)", Pattern.DOTALL);

    private NewerApi() {}

    /** What a name that javac can't find needs, by its message: a release in front; null if nothing is known. */
    static String needs(String message) {
        Matcher unknown = UNKNOWN.matcher(message.substring(message.indexOf('\n') + 1));
        if (!unknown.lookingAt()) {
            return null;
        }
        String name = unknown.group(2);
        boolean method = unknown.group(1).equals("method");
        String of = unknown.group(3);
        for (String[] line : method ? List.<String[]>of() : TYPES) {
            if (List.of(line).subList(2, line.length).contains(name)) {
                return line[0] + ": " + line[1] + '.' + name;
            }
        }
        for (String[] line : MEMBERS) {
            if (List.of(line).subList(2, line.length).contains(name) && inherits(of, line[1])) {
                String simple = line[1].substring(line[1].lastIndexOf('.') + 1);
                return line[0] + ": " + simple + '.' + name;
            }
        }
        return null;
    }

    /** Whether the first, if it is a class of the JDK, is the second or a subtype. */
    private static boolean inherits(String type, String owner) {
        try {
            ClassLoader jdk = ClassLoader.getPlatformClassLoader();
            return Class.forName(owner, false, jdk).isAssignableFrom(Class.forName(type, false, jdk));
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }
}
