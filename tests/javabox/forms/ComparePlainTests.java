package javabox.judge.compile;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.util.Arrays;
import javabox.judge.meter.ClassFiles;
import javabox.judge.protocol.Job;
import javabox.program.Program;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.tree.ClassNode;

/**
 * Says of each job of a file, a line each, what became of its tests without javac: "left" to javac, the "same" class file
 * as javac's, or another one; "refused" where javac refuses what was written.
 */
final class ComparePlainTests {
    private static final Compiler COMPILER = new Compiler();
    private static final Imports IMPORTS = new Imports();

    private ComparePlainTests() {}

    public static void main(String[] args) throws Exception {
        try (DataInputStream in = new DataInputStream(new FileInputStream(args[0]))) {
            while (true) {
                in.readInt(); // the length of the frame
                System.out.println(compare(Job.read(in)));
            }
        } catch (EOFException e) {
            // the end of the file
        }
    }

    private static String compare(Job job) {
        Units units = Units.of(job, COMPILER, IMPORTS);
        PlainTests tests = PlainTests.of(job.suite(), units.tests().text());
        Compiler.Result alone = tests == null ? null : COMPILER.compile(units.alone());
        if (tests == null || !alone.ok()) {
            return "left";
        }
        byte[] written = PlainTestClass.beside(ClassFiles.of(alone.classes(), alone.program()).program(), tests);
        Compiler.Result both = COMPILER.compile(units.together());
        if (written == null || !both.ok()) {
            return written == null ? "left" : "refused";
        }
        return Arrays.equals(inOrder(both.classes().get(Program.TESTS)), inOrder(written)) ? "same" : "other";
    }

    /** A class file with its constants in the order of their use, which javac has another one of. */
    private static byte[] inOrder(byte[] bytes) {
        byte[] read = bytes.clone();
        System.arraycopy(new byte[] {0, 0, 0, 61}, 0, read, 4, 4); // what this ASM reads
        ClassNode type = new ClassNode();
        new ClassReader(read).accept(type, 0);
        ClassWriter writer = new ClassWriter(0);
        type.accept(writer);
        return writer.toByteArray();
    }
}
