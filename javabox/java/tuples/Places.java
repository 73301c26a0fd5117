package org.javatuples;

/** The typed getters of tuples, one interface a place. */
public final class Places {
    private Places() {}

    /** Of what has a first value. */
    public interface At0<X> {
        default X getValue0() {
            return Tuple.at(this, 0);
        }
    }

    /** Of what has a second value. */
    public interface At1<X> {
        default X getValue1() {
            return Tuple.at(this, 1);
        }
    }

    /** Of what has a third value. */
    public interface At2<X> {
        default X getValue2() {
            return Tuple.at(this, 2);
        }
    }

    /** Of what has a fourth value. */
    public interface At3<X> {
        default X getValue3() {
            return Tuple.at(this, 3);
        }
    }

    /** Of what has a fifth value. */
    public interface At4<X> {
        default X getValue4() {
            return Tuple.at(this, 4);
        }
    }

    /** Of what has a sixth value. */
    public interface At5<X> {
        default X getValue5() {
            return Tuple.at(this, 5);
        }
    }

    /** Of what has a seventh value. */
    public interface At6<X> {
        default X getValue6() {
            return Tuple.at(this, 6);
        }
    }

    /** Of what has a eighth value. */
    public interface At7<X> {
        default X getValue7() {
            return Tuple.at(this, 7);
        }
    }

    /** Of what has a ninth value. */
    public interface At8<X> {
        default X getValue8() {
            return Tuple.at(this, 8);
        }
    }

    /** Of what has a tenth value. */
    public interface At9<X> {
        default X getValue9() {
            return Tuple.at(this, 9);
        }
    }
}
