package javabox.judge;

import java.util.HashMap;
import java.util.Map;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.Opcodes;

/** Class files as javac made them, read: the program's and, where they were compiled with it, its tests'. */
record ClassFiles(Map<String, byte[]> originals, Map<String, ClassReader> program, Map<String, ClassReader> tests) {
    /** The newest class files that this ASM reads; newer ones differ in nothing that is looked at here. */
    private static final int NEWEST = Opcodes.V17;

    static ClassFiles of(Compiler.Result compiled) {
        ClassFiles files = new ClassFiles(compiled.classes(), new HashMap<>(), new HashMap<>());
        compiled.classes().forEach((name, bytes) -> {
            Map<String, ClassReader> readers = compiled.program().contains(name) ? files.program : files.tests;
            readers.put(name, new ClassReader(readable(bytes)));
        });
        return files;
    }

    private static byte[] readable(byte[] bytes) {
        int major = (bytes[6] & 0xff) << 8 | bytes[7] & 0xff;
        if (major <= NEWEST) {
            return bytes;
        }
        byte[] older = bytes.clone();
        older[6] = 0;
        older[7] = NEWEST;
        return older;
    }
}
