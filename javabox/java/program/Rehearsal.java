package javabox.program;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.StringTokenizer;
import javabox.runtime.Clocks;
import javabox.runtime.Equality;
import javabox.runtime.CollectionWork;
import javabox.runtime.Meter;
import javabox.runtime.NumberWork;
import javabox.runtime.Shims;
import javabox.runtime.TextWork;

/**
 * Loads what a typical program loads and ends in an orderly way, so that the JVM can dump a class-data archive
 * ({@link StrictRunner} itself halts, which dumps nothing). Run once, at build time, with nothing hostile around.
 */
final class Rehearsal {
    private Rehearsal() {}

    public static void main(String[] args) throws Exception {
        for (Class<?> used : List.of(StrictRunner.class, StdinRunner.class, StandardStreams.class, Bottom.class, Bottom.Lane.class, Program.class, ProgramLoader.class, Frames.class, Mailbox.class, Sink.class, Tank.class,
                Coverage.class, Values.class, Values.TooLarge.class, Values.Buffer.class, Plain.class, Thrown.class, Text.class, Pin.class,
                Meter.class, TextWork.class, CollectionWork.class, NumberWork.class, Shims.class, Clocks.class, Equality.class)) {
            Class.forName(used.getName());
            for (Class<?> inner : used.getDeclaredClasses()) {
                Class.forName(inner.getName());
            }
        }
        BufferedReader reader = new BufferedReader(new InputStreamReader(new ByteArrayInputStream(new byte[] {'1', '\n'})));
        StringTokenizer words = new StringTokenizer(reader.readLine());
        Scanner scanner = new Scanner(words.nextToken() + " 2 x\ny");
        scanner.nextInt();
        scanner.nextLong();
        scanner.next();
        scanner.nextLine();
        new PrintWriter(new BufferedWriter(new OutputStreamWriter(OutputStream.nullOutputStream()))).println(scanner.hasNext());
        StrictRunner.class.getDeclaredMethod("main", String[].class);
        new Pin().reset();
        java.io.InputStream.nullInputStream().close();
        Map<String, List<Integer>> map = new HashMap<>();
        map.computeIfAbsent("a", key -> new ArrayList<>()).add(1);
        List<Object> values = new ArrayList<>(Arrays.asList(1, 2L, 3.0, "text", 'c', true, map, new HashSet<>(map.keySet()),
                new int[] {1}, new StringBuilder("b").reverse().toString(), String.valueOf(1.5), "x".compareTo("y")));
        Values.encode(values);
        List<Integer> numbers = new ArrayList<>(List.of(3, 1, 2));
        numbers.sort((a, b) -> a - b);
        int sum = numbers.stream().mapToInt(Integer::intValue).filter(n -> n > 1).sum();
        String joined = "a b".split(" ")[sum % 2] + Integer.parseInt("12") + Math.sqrt(2) + String.format("%d", sum);
        if (joined.isEmpty()) {
            throw new IllegalStateException("the rehearsal computed nothing");
        }
    }
}
