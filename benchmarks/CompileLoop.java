package javabox.judge.compile;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javabox.judge.protocol.Job;

/**
 * A loop that does nothing but compile each program with its tests, with the judge's own pooled javac.
 * Makes one pass for each line on stdin and prints its programs a second.
 *
 * <p>Arguments: a file of jobs as javabox/protocol/codec.py writes them, threads.
 */
final class CompileLoop {
    private CompileLoop() {}

    public static void main(String[] args) throws Exception {
        List<List<Sources.Unit>> programs = new ArrayList<>();
        Imports imports = new Imports();
        Compiler reader = new Compiler();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(args[0])))) {
            while (true) {
                byte[] frame = new byte[in.readInt()];
                in.readFully(frame);
                Job job = Job.read(new DataInputStream(new ByteArrayInputStream(frame)));
                programs.add(Units.of(job, reader, imports).together());
            }
        } catch (EOFException e) {
            // the end of the file
        }
        int threads = Integer.parseInt(args[1]);
        List<Compiler> compilers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            compilers.add(new Compiler());
        }
        while (System.in.read() >= 0) {
            System.out.println(rate(programs, compilers));
        }
    }

    private static double rate(List<List<Sources.Unit>> programs, List<Compiler> compilers) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        long start = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        for (Compiler compiler : compilers) {
            Thread thread = new Thread(() -> {
                for (int i = next.getAndIncrement(); i < programs.size(); i = next.getAndIncrement()) {
                    compiler.compile(programs.get(i));
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return programs.size() / ((System.nanoTime() - start) / 1e9);
    }
}
