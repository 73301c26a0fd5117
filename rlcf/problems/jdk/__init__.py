"""Problems from real Java: methods with Javadoc of the distribution's source packages."""
