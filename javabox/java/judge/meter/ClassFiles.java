package javabox.judge.meter;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.Opcodes;

/** Class files as javac made them, read: the program's and, where they were compiled with it, its tests'. */
public record ClassFiles(Map<String, byte[]> originals, Map<String, ClassReader> program, Map<String, ClassReader> tests) {
    /** The newest class files that this ASM reads; newer ones differ in nothing that is looked at here. */
    private static final int NEWEST = Opcodes.V17;

    /**
     * @param originals bytes by class name
     * @param program the names of the program's classes; the others are its tests'
     */
    public static ClassFiles of(Map<String, byte[]> originals, Set<String> program) {
        ClassFiles files = new ClassFiles(originals, new LinkedHashMap<>(), new LinkedHashMap<>());
        originals.forEach((name, bytes) -> {
            Map<String, ClassReader> readers = program.contains(name) ? files.program : files.tests;
            readers.put(name, new ClassReader(readable(bytes)));
        });
        return files;
    }

    /** Whether a class names another one, given by its full name. */
    public static boolean names(ClassReader reader, String other) {
        String internal = other.replace('.', '/');
        char[] buffer = new char[reader.getMaxStringLength()];
        for (int i = 1; i < reader.getItemCount(); i++) {
            int item = reader.getItem(i);
            if (item != 0 && reader.readByte(item - 1) == 7 && reader.readUTF8(item, buffer).equals(internal)) {
                return true;
            }
        }
        return false;
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
