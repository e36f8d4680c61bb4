import sqlite3

with sqlite3.connect("data.db") as database:
    database.execute("create table t (a integer, b text)")
    database.executemany("insert into t values (?, ?)", [(1, "x"), (2, "y")])
    assert database.execute("select sum(a) from t").fetchone() == (3,)
