"""Random queries that PostgreSQL and Talaria must answer alike.

A query is made from a seed: SELECT blocks over joins of tables, derived tables, CTEs, VALUES and
functions in FROM, with correlated subqueries of every kind, grouping sets, set operations, windows
and recursion. Expressions are made so that they cannot fail on any row: then it does not matter in
which order an engine evaluates them. Queries with LIMIT are ordered by all of their columns.
"""
import random

WORDS = ['', 'a', 'b', 'ab', 'abc', 'Abc', 'x%y', 'x_y', 'zeta', ' sp ', 'äö', 'aaa', 'hello world', '10', '-3']
COLUMNS = [('i', 'int'), ('j', 'int'), ('k', 'int'), ('s', 'text'), ('u', 'text'), ('d', 'float'),
           ('ts', 'time'), ('f', 'bool')]
SIZES = {'t0': 0, 't1': 60, 't2': 25, 't3': 8, 'tb': 1500}
SQL_TYPES = {'int': 'bigint', 'text': 'varchar', 'float': 'double precision', 'time': 'timestamp', 'bool': 'boolean'}
COMPARISONS = ['=', '<>', '<', '<=', '>', '>=']


def literal(kind, value):
    if value is None:
        return 'CAST(NULL AS %s)' % SQL_TYPES[kind]
    if kind == 'int':
        return str(value)
    if kind == 'text':
        return "'%s'" % value.replace("'", "''")
    if kind == 'float':
        return 'CAST(%r AS double precision)' % value
    if kind == 'time':
        return "TIMESTAMP '%s'" % value
    return 'TRUE' if value else 'FALSE'


def value_of(r, kind, nulls=0.15):
    if r.random() < nulls:
        return None
    if kind == 'int':
        return r.choice([r.randint(-3, 6), r.randint(0, 4), r.randint(-1000, 1000)])
    if kind == 'text':
        return r.choice(WORDS)
    if kind == 'float':
        return r.choice([0.0, 0.5, -0.5, 1.0, 1.5, 2.25, -3.75, 100.125, r.randint(-20, 20) / 4])
    if kind == 'time':
        return '2020-%02d-%02d %02d:%02d:%02d' % (r.randint(1, 12), r.randint(1, 28), r.randint(0, 23),
                                                  r.choice([0, 0, 30, 59]), r.choice([0, 0, 1, 59]))
    return r.random() < .5


def tables():
    """name -> rows, always the same."""
    r = random.Random(7)
    made = {}
    for name, size in SIZES.items():
        rows = [[value_of(r, kind) for _, kind in COLUMNS] for _ in range(size)]
        for n, row in enumerate(rows):
            if r.random() > .1:
                row[0] = n + 1
        if size > 5:
            rows[3] = list(rows[2])
        made[name] = rows
    return made


class Scope:
    """Columns that can be named: those of a FROM, and with some chance those of the query outside."""

    def __init__(self, columns, outer=None, chance=.25):
        self.columns, self.outer, self.chance = columns, outer, chance

    def pick(self, r, kind):
        own = [name for name, k in self.columns if k == kind]
        if self.outer and (not own or r.random() < self.chance):
            found = self.outer.pick(r, kind)
            if found:
                return found
        return r.choice(own) if own else None


class Generator:
    def __init__(self, seed, with_windows):
        self.r = random.Random(seed)
        self.with_windows = with_windows
        self.aliases = 0
        self.ctes = []
        self.is_ordered = False

    # --- small things ---
    def chance(self, p):
        return self.r.random() < p

    def pick(self, *items):
        return self.r.choice(items)

    def alias(self):
        self.aliases += 1
        return 'q%d' % self.aliases

    def kind(self):
        return self.pick('int', 'int', 'text', 'text', 'float', 'time', 'bool')

    def constant(self, kind, nulls=0.05):
        return literal(kind, value_of(self.r, kind, nulls))

    # --- expressions ---
    def leaf(self, scope, kind):
        if self.chance(.8):
            column = scope.pick(self.r, kind)
            if column:
                return column
        return self.constant(kind)

    def expr(self, scope, kind, depth=2, subqueries=True):
        if depth <= 0 or self.chance(.3):
            return self.leaf(scope, kind)
        e = lambda k: self.expr(scope, k, depth - 1, subqueries)
        p = self.r.random()
        if p < .08:
            return 'CASE WHEN %s THEN %s ELSE %s END' % (e('bool'), e(kind), e(kind))
        if p < .11:
            other = self.pick('int', 'text')
            return 'CASE %s WHEN %s THEN %s WHEN %s THEN %s END' % (e(other), e(other), e(kind), self.constant(other, 0), e(kind))
        if p < .16:
            return 'COALESCE(%s, %s)' % (e(kind), e(kind))
        if p < .19:
            return 'NULLIF(%s, %s)' % (e(kind), e(kind))
        if p < .22 and kind != 'bool':
            return '%s(%s, %s)' % (self.pick('GREATEST', 'LEAST'), e(kind), e(kind))
        if p < .30 and subqueries and depth >= 2:
            return self.scalar_subquery(scope, kind)
        return getattr(self, 'expr_' + kind)(scope, e, depth, subqueries)

    def expr_int(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: '(%s %s %s)' % (e('int'), self.pick('+', '-'), e('int')),
            lambda: '(%s * %d)' % (e('int'), self.r.randint(-3, 3)),
            lambda: '(%s %s %d)' % (e('int'), self.pick('/', '%'), self.pick(2, 3, -2, 7)),
            lambda: '(%s / NULLIF(%s, 0))' % (e('int'), e('int')),
            lambda: 'ABS(%s)' % e('int'),
            lambda: 'CAST(CHAR_LENGTH(%s) AS bigint)' % e('text'),
            lambda: 'CAST(POSITION(%s IN %s) AS bigint)' % (e('text'), e('text')),
            lambda: 'CAST(EXTRACT(%s FROM %s) AS bigint)' % (self.pick('YEAR', 'MONTH', 'DAY', 'HOUR', 'DOW', 'DOY', 'QUARTER', 'WEEK'), e('time')))()

    def expr_float(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: '(%s %s %s)' % (e('float'), self.pick('+', '-'), e('float')),
            lambda: '(%s * %s)' % (self.leaf(scope, 'float'), self.leaf(scope, 'float')),
            lambda: '(%s / NULLIF(%s, 0))' % (e('float'), self.constant('float', 0)),
            lambda: 'CAST(%s AS double precision)' % e('int'),
            lambda: '%s(%s)' % (self.pick('FLOOR', 'CEIL', 'ABS', 'SIGN'), e('float')))()

    def expr_text(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: '(%s || %s)' % (self.leaf(scope, 'text'), e('text')),
            lambda: '%s(%s)' % (self.pick('UPPER', 'LOWER', 'TRIM', 'REVERSE'), e('text')),
            lambda: 'SUBSTRING(%s FROM %d FOR %d)' % (e('text'), self.r.randint(-1, 4), self.r.randint(0, 3)),
            lambda: "REPLACE(%s, 'a', %s)" % (e('text'), self.leaf(scope, 'text')),
            lambda: 'CAST(%s AS varchar)' % e('int'))()

    def expr_time(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: "DATE_TRUNC('%s', %s)" % (self.pick('month', 'day', 'hour', 'year', 'quarter', 'week'), e('time')),
            lambda: "(%s + INTERVAL '%d %s')" % (e('time'), self.r.randint(-3, 40), self.pick('day', 'hour', 'month', 'minute')))()

    def expr_bool(self, scope, e, depth, subqueries):
        return self.condition(scope, depth, subqueries)

    def condition(self, scope, depth=2, subqueries=True):
        if depth <= 0:
            kind = self.pick('int', 'int', 'text', 'float', 'time')
            return '(%s %s %s)' % (self.leaf(scope, kind), self.r.choice(COMPARISONS), self.leaf(scope, kind))
        kind = self.pick('int', 'int', 'text', 'text', 'float', 'time')
        e = lambda k: self.expr(scope, k, depth - 1, subqueries)
        p = self.r.random()
        if p < .25:
            return '(%s %s %s)' % (e(kind), self.r.choice(COMPARISONS), e(kind))
        if p < .38:
            return '(%s %s %s)' % (self.condition(scope, depth - 1, subqueries), self.pick('AND', 'OR'), self.condition(scope, depth - 1, subqueries))
        if p < .42:
            return '(NOT %s)' % self.condition(scope, depth - 1, subqueries)
        if p < .47:
            return '(%s IS %sNULL)' % (e(self.kind()), self.pick('', 'NOT '))
        if p < .50:
            return '(%s IS %s%s)' % (e('bool'), self.pick('', 'NOT '), self.pick('TRUE', 'FALSE', 'UNKNOWN'))
        if p < .54:
            return '(%s %sBETWEEN %s%s AND %s)' % (e(kind), self.pick('', 'NOT '), self.pick('', '', 'SYMMETRIC '), e(kind), e(kind))
        if p < .60:
            items = [self.constant(kind) if self.chance(.85) else e(kind) for _ in range(self.r.randint(1, 5))]
            return '(%s %sIN (%s))' % (e(kind), self.pick('', 'NOT '), ', '.join(items))
        if p < .65:
            return "(%s %s%s '%s')" % (e('text'), self.pick('', 'NOT '), self.pick('LIKE', 'LIKE', 'ILIKE'),
                                       self.pick('a%', '%b', '%b%', '_', 'a_c', '%', '', 'x\\%y', 'A%', '__%'))
        if p < .69:
            return '(%s IS %sDISTINCT FROM %s)' % (e(kind), self.pick('', 'NOT '), e(kind))
        if p < .72:
            return self.row_condition(scope)
        if p < .75:
            return e('bool') if depth > 1 else self.leaf(scope, 'bool')
        if subqueries:
            return self.subquery_condition(scope, kind)
        return '(%s = %s)' % (e(kind), e(kind))

    def row_condition(self, scope):
        kinds = [self.pick('int', 'text') for _ in range(self.r.randint(2, 3))]
        row = lambda: '(%s)' % ', '.join(self.leaf(scope, k) for k in kinds)
        if self.chance(.3):
            return '(ROW%s IS %sNULL)' % (row(), self.pick('', 'NOT '))
        if self.chance(.3):
            return '(%s %sIN (%s))' % (row(), self.pick('', 'NOT '), ', '.join(row() for _ in range(self.r.randint(1, 3))))
        return '(%s %s %s)' % (row(), self.r.choice(COMPARISONS), row())

    # --- subqueries in expressions ---
    def scalar_subquery(self, scope, kind):
        source, columns = self.base() if self.chance(.8) else self.joined(1)
        inner = Scope(columns, scope, self.pick(0, .25, .5))
        where = ' WHERE ' + self.condition(inner, 1, self.chance(.15)) if self.chance(.85) else ''
        p = self.r.random()
        if kind == 'int' and p < .3:
            return '(SELECT COUNT(%s) FROM %s%s)' % (self.pick('*', self.expr(inner, 'int', 1, False)), source, where)
        if kind == 'bool':
            return '(SELECT %s(%s) FROM %s%s)' % (self.pick('BOOL_AND', 'BOOL_OR'), self.condition(inner, 1, False), source, where)
        if kind == 'int' and p < .45:
            return '(SELECT CAST(SUM(%s) AS bigint) FROM %s%s)' % (self.expr(inner, 'int', 1, False), source, where)
        item = self.expr(inner, kind, 1, False)
        if p < .65:
            return '(SELECT %s FROM %s%s ORDER BY 1%s LIMIT 1%s)' % (item, source, where, self.pick('', ' DESC', ' NULLS FIRST'), self.pick('', ' OFFSET 1'))
        if p < .72:
            return '(SELECT %s(x) FROM (SELECT %s AS x FROM %s%s UNION ALL SELECT %s) AS y)' % (
                self.pick('MIN', 'MAX'), item, source, where, self.leaf(scope, kind))
        return '(SELECT %s(%s) FROM %s%s)' % (self.pick('MIN', 'MAX'), item, source, where)

    def subquery_condition(self, scope, kind):
        source, columns = self.base() if self.chance(.75) else self.joined(1)
        inner = Scope(columns, scope, self.pick(0, .25, .5))
        where = ' WHERE ' + self.condition(inner, 1, self.chance(.2)) if self.chance(.8) else ''
        p = self.r.random()
        if p < .35:
            return '(%sEXISTS (SELECT %s FROM %s%s%s))' % (self.pick('', 'NOT '), self.pick('1', '*'), source, where, self.pick('', '', ' OFFSET 1'))
        item = self.expr(inner, kind, self.pick(0, 1), False)
        if self.chance(.1):
            item = '%s(%s)' % (self.pick('MIN', 'MAX'), item)
        if p < .45:
            other = self.pick('int', 'text')
            return '((%s, %s) %sIN (SELECT %s, %s FROM %s%s))' % (
                self.leaf(scope, 'int'), self.leaf(scope, other), self.pick('', 'NOT '),
                self.leaf(Scope(columns), 'int'), self.leaf(Scope(columns), other), source, where)
        if p < .8:
            return '(%s %sIN (SELECT %s FROM %s%s))' % (self.expr(scope, kind, 1, False), self.pick('', 'NOT '), item, source, where)
        return '(%s %s %s (SELECT %s FROM %s%s))' % (self.expr(scope, kind, 1, False), self.r.choice(COMPARISONS),
                                                    self.pick('ANY', 'ALL', 'SOME'), item, source, where)

    # --- FROM ---
    def base(self):
        table = self.pick('t1', 't2', 't3', 't2', 't3', 't1', 't0')
        name = self.alias()
        return '%s AS %s' % (table, name), [('%s.%s' % (name, c), k) for c, k in COLUMNS]

    def columns_of(self, kinds):
        """An alias with its list of columns."""
        name = self.alias()
        names = ['c%d' % n for n in range(len(kinds))]
        return '%s(%s)' % (name, ', '.join(names)), [('%s.%s' % (name, c), k) for c, k in zip(names, kinds)]

    def values(self):
        kinds = [self.kind() for _ in range(self.r.randint(1, 3))]
        rows = ['(%s)' % ', '.join(self.constant(k, .15) for k in kinds) for _ in range(self.r.randint(1, 4))]
        name, columns = self.columns_of(kinds)
        return '(VALUES %s) AS %s' % (', '.join(rows), name), columns

    def derived(self, depth):
        query, kinds = self.query(depth - 1)
        name, columns = self.columns_of(kinds)
        return '(%s) AS %s' % (query, name), columns

    def series(self):
        name = self.alias()
        if self.chance(.5):
            return 'generate_series(%d, %d) AS %s(n)' % (self.r.randint(-2, 2), self.r.randint(0, 6), name), [(name + '.n', 'int')]
        items = ', '.join(self.constant('text', .1) for _ in range(self.r.randint(1, 4)))
        return 'unnest(ARRAY[%s]) WITH ORDINALITY AS %s(e, n)' % (items, name), [(name + '.e', 'text'), (name + '.n', 'int')]

    def item(self, depth):
        p = self.r.random()
        if self.ctes and p < .35:
            cte, kinds = self.r.choice(self.ctes)
            name = self.alias()
            return '%s AS %s' % (cte, name), [('%s.c%d' % (name, n), k) for n, k in enumerate(kinds)]
        if depth > 0 and p < .5:
            return self.derived(depth)
        if p < .57:
            return self.values()
        if p < .62:
            return self.series()
        return self.base()

    def lateral(self, scope, depth):
        p = self.r.random()
        if p < .35:
            name = self.alias()
            return 'LATERAL generate_series(1, LEAST(%s, 4)) AS %s(n)' % (scope.pick(self.r, 'int') or '3', name), [(name + '.n', 'int')]
        source, columns = self.base()
        inner = Scope(columns, scope, .4)
        kinds = [self.kind() for _ in range(self.r.randint(1, 2))]
        where = ' WHERE ' + self.condition(inner, 1, False)
        name, outputs = self.columns_of(kinds)
        if p < .6:
            items = ', '.join(self.aggregate(inner, k) for k in kinds)
            return 'LATERAL (SELECT %s FROM %s%s) AS %s' % (items, source, where, name), outputs
        items = ', '.join(self.expr(inner, k, 1, False) for k in kinds)
        order = ' ORDER BY %s LIMIT %d' % (', '.join(str(n + 1) for n in range(len(kinds))), self.r.randint(1, 3)) if self.chance(.6) else ''
        return 'LATERAL (SELECT %s FROM %s%s%s) AS %s' % (items, source, where, order, name), outputs

    def join_condition(self, left, right, is_full):
        tests = []
        for _ in range(self.pick(1, 1, 2)):
            kind = self.pick('int', 'int', 'text', 'float', 'time', 'bool')
            a = [n for n, k in left if k == kind]
            b = [n for n, k in right if k == kind]
            if a and b:
                tests.append('%s = %s' % (self.r.choice(a), self.r.choice(b)) if self.chance(.85) else
                             '%s = %s' % (self.expr(Scope(left), kind, 1, False), self.expr(Scope(right), kind, 1, False)))
        both = Scope(left + right)
        if not is_full and self.chance(.3):
            tests.append(self.condition(both, 1, self.chance(.25)))
        if not tests:
            tests = ['TRUE'] if is_full else [self.condition(both, 1, False)]
        return ' AND '.join(tests)

    def joined(self, depth):
        source, columns = self.item(depth)
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            if self.chance(.12):
                right, more = self.lateral(Scope(columns), depth)
                source = '%s %s %s%s' % (source, *self.pick(('CROSS JOIN', right, ''), ('LEFT JOIN', right, ' ON TRUE')))
                columns = columns + more
                continue
            right, more = self.item(depth)
            join = self.pick('JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'CROSS JOIN', 'JOIN', 'LEFT JOIN')
            on = '' if join == 'CROSS JOIN' else ' ON ' + self.join_condition(columns, more, join == 'FULL JOIN')
            source = '%s %s %s%s' % (source, join, right, on)
            columns = columns + more
        return source, columns

    # --- aggregates and windows ---
    def aggregate(self, scope, kind):
        where = ' FILTER (WHERE %s)' % self.condition(scope, 1, False) if self.chance(.2) else ''
        distinct = self.pick('', '', '', 'DISTINCT ')
        e = lambda k: self.expr(scope, k, 1, False)
        if kind == 'int':
            return self.pick(lambda: 'COUNT(*)' + where,
                             lambda: 'COUNT(%s%s)%s' % (distinct, e(self.kind()), where),
                             lambda: 'CAST(SUM(%s%s)%s AS bigint)' % (distinct, e('int'), where),
                             lambda: '%s(%s)%s' % (self.pick('MIN', 'MAX'), e('int'), where))()
        if kind == 'float':
            return self.pick(lambda: '%s(%s%s)%s' % (self.pick('SUM', 'AVG'), distinct, e('float'), where),
                             lambda: '%s(%s)%s' % (self.pick('STDDEV_POP', 'VAR_SAMP', 'VAR_POP'), self.leaf(scope, 'float'), where),
                             lambda: 'CAST(AVG(%s)%s AS double precision)' % (e('int'), where))()
        if kind == 'bool':
            return '%s(%s)%s' % (self.pick('BOOL_AND', 'BOOL_OR', 'EVERY'), self.condition(scope, 1, False), where)
        if kind == 'text' and self.chance(.3):
            item = e('text')
            return "STRING_AGG(%s, ',' ORDER BY %s)%s" % (item, item, where)
        return '%s(%s)%s' % (self.pick('MIN', 'MAX'), e(kind), where)

    def window(self, scope, kind):
        partition = 'PARTITION BY %s ' % self.expr(scope, self.pick('int', 'text', 'bool'), 1, False) if self.chance(.6) else ''
        # every column of FROM: rows that are peers are then equal in all that can be seen
        order = 'ORDER BY ' + ', '.join('%s%s' % (name, self.pick('', ' DESC')) for name, _ in scope.columns)
        if kind == 'int' and self.chance(.4):
            one = self.expr(scope, self.pick('int', 'text'), 1, False)
            return '%s() OVER (%sORDER BY %s)' % (self.pick('RANK', 'DENSE_RANK'), partition, one)
        if kind == 'int' and self.chance(.3):
            return 'ROW_NUMBER() OVER (%s%s)' % (partition, order)
        # a literal alone has no type for functions of any type
        item = 'CAST(%s AS %s)' % (self.expr(scope, kind, 1, False), SQL_TYPES[kind])
        if self.chance(.35):
            return '%s(%s%s) OVER (%s%s)' % (self.pick('LAG', 'LEAD'), item, self.pick('', ', 2'), partition, order)
        if self.chance(.3):
            return 'FIRST_VALUE(%s) OVER (%s%s)' % (item, partition, order)
        frame = self.pick('', ' ROWS BETWEEN 2 PRECEDING AND CURRENT ROW', ' ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING')
        if kind == 'bool':
            return 'BOOL_OR(%s) OVER (%s%s%s)' % (item, partition, order, frame)
        if kind == 'int' and self.chance(.5):
            return 'CAST(SUM(%s) OVER (%s%s%s) AS bigint)' % (item, partition, order, frame)
        return '%s(%s) OVER (%s%s%s)' % (self.pick('MIN', 'MAX'), item, partition, order, frame)

    # --- blocks ---
    def group_clause(self, keys):
        p = self.r.random()
        some = lambda: '(%s)' % ', '.join(self.r.sample(keys, self.r.randint(0, len(keys))))
        if p < .65:
            return ', '.join(keys), False
        if p < .74:
            return 'ROLLUP(%s)' % ', '.join(keys), True
        if p < .82:
            return 'CUBE(%s)' % ', '.join(keys), True
        if p < .90 and len(keys) > 1:
            return '%s, ROLLUP(%s)' % (keys[0], ', '.join(keys[1:])), True
        return 'GROUPING SETS (%s)' % ', '.join(some() for _ in range(self.r.randint(1, 3))), True

    def grouped(self, source, scope, where, kinds):
        keys = []
        for _ in range(self.r.randint(0, 3)):
            kind = self.kind()
            key = self.expr(scope, kind, self.pick(0, 0, 1), False)
            names_own = any(name in key for name, _ in scope.columns)
            if names_own and key not in [k for k, _ in keys]:
                keys.append((key, kind))
        clause, has_sets = self.group_clause([k for k, _ in keys]) if keys else ('', False)
        above = Scope(keys)
        items = []
        for kind in kinds:
            same = [k for k, t in keys if t == kind]
            p = self.r.random()
            if same and p < .45:
                items.append(self.r.choice(same))
            elif has_sets and kind == 'int' and p < .6:
                items.append('CAST(GROUPING(%s) AS bigint)' % ', '.join(k for k, _ in keys))
            elif keys and p < .65:
                items.append(self.expr(above, kind, 1, False) if same else self.aggregate(scope, kind))
            elif kind == 'int' and p < .8:
                items.append('(%s + %s)' % (self.aggregate(scope, 'int'), self.aggregate(scope, 'int')))
            else:
                items.append(self.aggregate(scope, kind))
        having = ''
        if self.chance(.25):
            kind = self.pick('int', 'float', 'text')
            having = ' HAVING %s %s %s' % (self.aggregate(scope, kind), self.r.choice(COMPARISONS), self.constant(kind, 0))
        group = ' GROUP BY ' + clause if clause else ''
        return 'SELECT %s FROM %s%s%s%s' % (', '.join('%s AS o%d' % (x, n) for n, x in enumerate(items)), source, where, group, having)

    def block(self, depth, kinds=None):
        kinds = kinds or [self.kind() for _ in range(self.r.randint(1, 4))]
        if self.chance(.06):
            name = self.alias()
            source, columns = 'tb AS %s' % name, [('%s.%s' % (name, c), k) for c, k in COLUMNS]
        else:
            source, columns = self.joined(depth)
        scope = Scope(columns)
        where = ' WHERE ' + self.condition(scope, 2, self.chance(.7)) if self.chance(.55) else ''
        if self.chance(.35):
            return self.grouped(source, scope, where, kinds), kinds
        if self.with_windows and self.chance(.12):
            # one alone: two windows number rows that are equal in all columns as they like
            at = self.r.randrange(len(kinds))
            items = [self.window(scope, k) if k != 'time' and i == at else self.expr(scope, k, 1, False)
                     for i, k in enumerate(kinds)]
        else:
            items = [self.expr(scope, k, 2, self.chance(.3)) for k in kinds]
        listed = ', '.join('%s AS o%d' % (x, n) for n, x in enumerate(items))
        p = self.r.random()
        if p < .06:
            keys = self.r.sample(range(len(kinds)), self.r.randint(1, len(kinds)))
            rest = [n for n in range(len(kinds)) if n not in keys]
            order = ', '.join('%d%s' % (n + 1, self.pick('', ' DESC')) for n in keys + rest)
            on = ', '.join('o%d' % n for n in keys)
            # the name of an output is known in DISTINCT ON, as it is in ORDER BY
            return '(SELECT DISTINCT ON (%s) %s FROM %s%s ORDER BY %s)' % (on, listed, source, where, order), kinds
        return 'SELECT %s%s FROM %s%s' % ('DISTINCT ' if p < .2 else '', listed, source, where), kinds

    def query(self, depth, is_top=False):
        query, kinds = self.block(depth)
        if depth > 0 and self.chance(.2):
            for _ in range(self.pick(1, 1, 2)):
                right, _ = self.block(depth - 1, kinds)
                operation = self.pick('UNION', 'INTERSECT', 'EXCEPT') + self.pick('', ' ALL')
                query = '(%s) %s (%s)' % (query, operation, right)
        limited = self.chance(.3 if is_top else .15)
        if limited or (is_top and self.chance(.3)):
            if query.startswith('('):
                query = 'SELECT * FROM (%s) AS %s(%s)' % (query, self.alias(), ', '.join('o%d' % n for n in range(len(kinds))))
            order = list(range(len(kinds)))
            self.r.shuffle(order)
            # sums of floats end in other digits in another order of the rows: they decide nothing
            order.sort(key=lambda n: kinds[n] == 'float')
            query += ' ORDER BY ' + ', '.join('%d%s%s' % (n + 1, self.pick('', ' ASC', ' DESC'), self.pick('', '', ' NULLS FIRST', ' NULLS LAST')) for n in order)
            self.is_ordered = self.is_ordered or (is_top and 'float' not in kinds)
            if limited and self.chance(.15):
                query += ' FETCH FIRST %d ROWS WITH TIES' % self.pick(1, 3, 10)
            elif limited:
                query += ' LIMIT %d%s' % (self.pick(0, 1, 3, 10), ' OFFSET %d' % self.r.randint(0, 5) if self.chance(.4) else '')
        return query, kinds

    def recursive(self):
        """A recursion over a small graph, or a count."""
        if self.chance(.5):
            return 'WITH RECURSIVE w0(c0) AS (SELECT %d UNION%s SELECT c0 + %d FROM w0 WHERE c0 < %d) ' % (
                self.r.randint(0, 3), self.pick('', ' ALL'), self.r.randint(1, 3), self.r.randint(1, 12)), ['int']
        start = self.condition(Scope([('i', 'int'), ('j', 'int'), ('s', 'text')]), 1, False)
        return ('WITH RECURSIVE w0(c0, c1) AS (SELECT i, j FROM %s WHERE %s UNION SELECT t.i, t.k FROM %s AS t JOIN w0 ON t.%s = w0.%s) ' % (
            self.pick('t2', 't3'), start, self.pick('t2', 't3'), self.pick('i', 'j'), self.pick('c0', 'c1'))), ['int', 'int']

    def statement(self):
        """The text, and whether its rows come in one order only."""
        head = ''
        if self.chance(.06):
            head, kinds = self.recursive()
            self.ctes.append(('w0', kinds))
        elif self.chance(.22):
            parts = []
            for n in range(self.r.randint(1, 2)):
                query, kinds = self.query(1)
                parts.append('w%d(%s) AS (%s)' % (n, ', '.join('c%d' % c for c in range(len(kinds))), query))
                self.ctes.append(('w%d' % n, kinds))
            head = 'WITH %s ' % ', '.join(parts)
        query, _ = self.query(self.pick(0, 1, 1, 2), True)
        return head + query, self.is_ordered
