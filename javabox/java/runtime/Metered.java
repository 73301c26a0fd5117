package javabox.runtime;

/** Text that charges for every character read, so that a regular expression pays for its backtracking. */
final class Metered implements CharSequence {
    private final CharSequence text;

    Metered(CharSequence text) {
        this.text = text;
    }

    @Override
    public char charAt(int index) {
        Meter.charge(4);
        return text.charAt(index);
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.subSequence(start, end);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
