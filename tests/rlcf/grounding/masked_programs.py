"""Bodies for `static Object f(int x) {` whose unexecuted branches are known by construction.

Behind the last `@` of each line stand the calls, f(2) or f(3), after which the line is learnt from. A line
without code has those of the line that it goes with. The last two lines close method and class.
"""

BODIES = {
    "if and else": """\
        int r; @23
        if (x == 2) { @23
            // two @23
            r = 4; @2
        } else { @2
            // three @2
            r = 6; @3
        } @3
 @3
        return r; @23
    } @23
} @23""",
    "an early return, and a method that nobody calls": """\
        if (x == 2) @23
            return 4; @2
        // three @2
        return 6; @3
    } @3
 @
    /** Never called. */ @
    static int unused(int a, @
            int b) { @
        int c = a + b; @
        return c; @
    } @
} @""",
    "loops in loops": """\
        int r = 0; @23
        for (int i = 0; i < 2 * x; i++) { @23
            if (i > 100) { @23
                r = 5; @
                continue; @
            } @
            while (i == 5 && r < 100) { @23
                r += 100; @3
            } @3
            r++; @23
        } @23
        if (r > 100) { @23
            r -= 100; @3
        } @3
        return r; @23
    } @23
} @23""",
    "an endless loop that is left": """\
        int r = 0; @23
        while (true) { @23
            r += 2; @23
            if (r == 4 && x == 2) { @23
                break; @2
            } else if (r == 6) { @23
                return r; @3
            } @3
        } @3
        return r; @2
    } @2
} @2""",
    "do and while, and a label": """\
        int r = 0; @23
        outer: @23
        do { @23
            r++; @23
            for (;;) { @23
                if (x == 2) @23
                    continue outer; @2
                r += 0; @3
                continue outer; @3
            } @3
        } while (r < 2 * x); @23
        return r; @23
    } @23
} @23""",
    "a switch": """\
        switch (x) { @23
            case 2: @23
                return 4; @2
            case 3: @2
                int r; @2
                r = 6; @3
                return r; @3
            default: @3
                return 0; @
        } @
    } @
} @""",
    "a switch of arrows": """\
        int r; @23
        switch (x) { @23
            case 2 -> r = 4; @2
            case 3 -> { @2
                int y = 3; @3
                r = 2 * y; @3
            } @3
            default -> @3
                throw new IllegalStateException(); @
        } @
        return r; @23
    } @23
} @23""",
    "lambdas": """\
        java.util.function.IntUnaryOperator twice = y -> @23
            2 * y; @2
        Runnable never = () -> { @23
            int z = 1; @
            throw new IllegalStateException("" + z); @
        }; @
        if (x == 2) { @23
            return twice.applyAsInt(x); @2
        } @2
        return 6; @3
    } @3
} @3""",
    "an expression over several lines": """\
        boolean two = x == 2 @23
            && x < 100; @23
        int six = Integer.valueOf( @23
            6 @23
        ); @23
        return two @23
            ? 4 @2
            : Math.abs( @3
                six @3
            ); @3
    } @3
} @3""",
    "try, catch and finally": """\
        int r = 0; @23
        try { @23
            int[] a = new int[3]; @23
            a[x] = 1; @23
            r = 4; @2
        } catch (ArrayIndexOutOfBoundsException e) { @3
            r = 6; @3
        } catch (IllegalStateException e) { @
            r = 7; @
        } finally { @
            r += 0; @23
        } @23
        return r; @23
    } @23
} @23""",
    "methods that call one another": """\
        return x == 2 @23
            ? two() @2
            : three(); @3
    } @3
 @2
    /** For two. */ @2
    @Deprecated @2
    static int two() { @2
        // four @2
        return 4; @2
    } @2
 @3
    // for three @3
    private static int three() @3
    { @3
        int r; @3
        r = 6; @3
        return r; @3
    } @3
} @3""",
    "arrays in branches": """\
        int[][] a; @23
        if (x == 2) { @23
            a = new int[][] { @2
                {0, 0}, @2
                {4, 0}, @2
            }; @2
        } else { @2
            int[][] b = { @3
                {0, 0}, @3
                {6, 0}, @3
            }; @3
            a = b; @3
        } @3
        return a[1][0]; @23
    } @23
} @23""",
    "nested and anonymous classes": """\
        if (x == 3) @23
            return new Two(x).get(); @3
        return new Object() { @2
            int get() { @2
                return 4; @2
            } @2
            int other() { @
                return 5; @
            } @
        }.get(); @2
    } @2
    static class Two { @3
        final int x; @3
        Two(int x) { @3
            this.x = x; @3
        } @3
        int get() { @3
            return 2 * x; @3
        } @3
        int other() { @
            return x; @
        } @
    } @
} @""",
    "an unused class between methods": """\
        if (x == 2) @23
            return 4; @2
        return six(); @3
    } @3
    static class Unused { @
        int get() { @
            return 5; @
        } @
    } @
    static int six() { @3
        return 6; @3
    } @3
} @3""",
    "an exception in the middle": """\
        int[] a = new int[3]; @23
        a[1] = 2; @23
        a[x] = 3; @23
        a[0] = 4; @2
        return 2 * x; @2
    } @2
} @2""",
    "text over several lines": """\
        if (x == 2) { @23
            return 4; @2
        } @2
        String text = \"\"\" @3
            { // case 1: @3
              return 'x'; @3
            \"\"\"; @3
        return text.length() > 100 @3
            ? 0 @
            : 6; @3
    } @3
} @3""",
}
