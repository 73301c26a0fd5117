"""The sealed frames between Python and the JVM side."""
