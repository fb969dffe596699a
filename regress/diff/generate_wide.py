"""More random queries, over more types: numerics, dates, intervals, arrays and documents; frames of
every kind; windows over groups; trees of set operations; joins in parentheses; correlated
subqueries in every clause and of every shape. They obey the rules of generate.py.
"""
import random

import generate
from generate import COMPARISONS, Generator, Scope

COLUMNS = [('i', 'int'), ('j', 'int'), ('s', 'text'), ('u', 'text'), ('d', 'float'), ('ts', 'time'), ('f', 'bool'),
           ('n', 'numeric'), ('dt', 'date'), ('iv', 'interval'), ('a', 'ints'), ('b', 'json')]
SIZES = {'w0': 0, 'w1': 50, 'w2': 20, 'w3': 6}
SQL_TYPES = dict(generate.SQL_TYPES, numeric='numeric(12,2)', date='date', interval='interval', ints='bigint[]', json='jsonb')
DOCUMENTS = ['{}', '{"x": 1}', '{"x": 2, "y": "a"}', '{"x": null}', '[1, 2, 3]', '[]', '"t"', '1.5', 'true', 'null',
             '{"y": {"x": [1, "a"]}}', '{"x": "1", "z": [true]}']
INTERVALS = ['0', '1 day', '-1 day', '02:30:00', '1 mon', '1 mon 3 days', '10 days 01:00:00', '24:00:00', '-00:15:00']


def literal(kind, value):
    if kind not in ('numeric', 'date', 'interval', 'ints', 'json') or value is None:
        return generate.literal(kind, value) if kind in generate.SQL_TYPES else 'CAST(NULL AS %s)' % SQL_TYPES[kind]
    if kind == 'ints':
        return 'CAST(ARRAY[%s] AS bigint[])' % ', '.join('NULL' if v is None else str(v) for v in value)
    return "CAST('%s' AS %s)" % (value, SQL_TYPES[kind])


def value_of(r, kind, nulls=0.15):
    if r.random() < nulls:
        return None
    if kind == 'numeric':
        return '%.2f' % (r.choice([r.randint(-300, 300), r.randint(0, 8) * 50, r.randint(-10**6, 10**6)]) / 100)
    if kind == 'date':
        return '2020-%02d-%02d' % (r.randint(1, 12), r.choice([1, 1, 15, 28, r.randint(1, 28)]))
    if kind == 'interval':
        return r.choice(INTERVALS)
    if kind == 'ints':
        return [None if r.random() < .1 else r.randint(0, 4) for _ in range(r.randint(0, 4))]
    if kind == 'json':
        return r.choice(DOCUMENTS)
    return generate.value_of(r, kind, 0)


def tables():
    r = random.Random(11)
    made = {}
    for name, size in SIZES.items():
        rows = [[value_of(r, kind) for _, kind in COLUMNS] for _ in range(size)]
        if size > 5:
            rows[3] = list(rows[2])
        made[name] = rows
    return made


class Wide(Generator):
    def kind(self):
        return self.pick('int', 'int', 'text', 'float', 'time', 'bool', 'numeric', 'date', 'interval', 'ints', 'json')

    def constant(self, kind, nulls=0.05):
        return literal(kind, value_of(self.r, kind, nulls))

    def base(self):
        name = self.alias()
        return '%s AS %s' % (self.pick('w1', 'w2', 'w3', 'w2', 'w3', 'w0'), name), [('%s.%s' % (name, c), k) for c, k in COLUMNS]

    # --- expressions ---
    def expr_numeric(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: '(%s %s %s)' % (e('numeric'), self.pick('+', '-'), e('numeric')),
            lambda: '(%s * %d)' % (self.leaf(scope, 'numeric'), self.r.randint(-3, 3)),
            lambda: '%s(%s)' % (self.pick('ABS', 'FLOOR', 'CEIL', 'SIGN', '-'), e('numeric')),
            lambda: 'ROUND(%s, %d)' % (e('numeric'), self.pick(0, 1, -1)),
            lambda: 'TRUNC(%s, 1)' % e('numeric'),
            lambda: '(%s %s %s)' % (e('int'), self.pick('+', '-', '*'), self.leaf(scope, 'numeric')),
            lambda: '%s(%s, %s)' % (self.pick('COALESCE', 'GREATEST', 'LEAST'), e('int'), e('numeric')),
            lambda: 'CASE WHEN %s THEN %s ELSE %s END' % (e('bool'), e('int'), e('numeric')),
            lambda: 'CAST(%s AS numeric)' % e('int'),
            lambda: '(%s %% 7)' % self.leaf(scope, 'numeric'))()

    def expr_float(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: super(Wide, self).expr_float(scope, e, depth, subqueries),
            lambda: super(Wide, self).expr_float(scope, e, depth, subqueries),
            lambda: '(%s %s %s)' % (e('float'), self.pick('+', '-'), e('numeric')),
            lambda: '(%s * %s)' % (self.leaf(scope, 'int'), self.leaf(scope, 'float')),
            lambda: '%s(%s, %s)' % (self.pick('COALESCE', 'GREATEST', 'LEAST'), e('float'), e(self.pick('int', 'numeric'))),
            lambda: 'CASE %s WHEN %s THEN %s ELSE %s END' % (e('float'), e('int'), e('float'), e('numeric')),
            lambda: 'CAST(%s AS double precision)' % e('numeric'),
            lambda: 'EXTRACT(EPOCH FROM %s)::double precision' % e('interval'))()

    def expr_time(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: super(Wide, self).expr_time(scope, e, depth, subqueries),
            lambda: '(%s %s %s)' % (e('time'), self.pick('+', '-'), e('interval')),
            lambda: '(%s + %s)' % (e('date'), e('interval')),
            lambda: '%s(%s, %s)' % (self.pick('COALESCE', 'GREATEST', 'LEAST'), e('date'), e('time')),
            lambda: "DATE_BIN('%s', %s, TIMESTAMP '2019-12-30')" % (self.pick('7 days', '90 minutes'), e('time')),
            lambda: 'CAST(%s AS timestamp)' % e('date'))()

    def expr_date(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: '(%s %s %d)' % (e('date'), self.pick('+', '-'), self.r.randint(0, 40)),
            lambda: 'CAST(%s AS date)' % e('time'),
            lambda: "CAST(DATE_TRUNC('%s', %s) AS date)" % (self.pick('month', 'week', 'year', 'quarter'), e('date')),
            lambda: "CAST((%s + INTERVAL '1 month') AS date)" % e('date'))()

    def expr_interval(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: '(%s %s %s)' % (e('interval'), self.pick('+', '-'), e('interval')),
            lambda: '(%s * %d)' % (self.leaf(scope, 'interval'), self.r.randint(-2, 3)),
            lambda: '(%s - %s)' % (e('time'), e('time')),
            lambda: '%s(%s)' % (self.pick('JUSTIFY_HOURS', 'JUSTIFY_DAYS', 'JUSTIFY_INTERVAL', '-'), e('interval')),
            lambda: 'MAKE_INTERVAL(days => %d, hours => %d)' % (self.r.randint(-3, 3), self.r.randint(-30, 30)),
            lambda: 'AGE(%s, %s)' % (e('time'), self.leaf(scope, 'time')))()

    def expr_ints(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: '(%s || %s)' % (e('ints'), e('ints')),
            lambda: '%s(%s, CAST(%s AS bigint))' % (self.pick('ARRAY_APPEND', 'ARRAY_REMOVE'), e('ints'), e('int')),
            lambda: 'ARRAY_PREPEND(CAST(%s AS bigint), %s)' % (e('int'), e('ints')),
            lambda: '(%s)[%d:%d]' % (e('ints'), self.r.randint(0, 2), self.r.randint(1, 3)),
            lambda: 'ARRAY[CAST(%s AS bigint), %s]' % (e('int'), e('int')),
            lambda: 'ARRAY_REPLACE(%s, CAST(1 AS bigint), CAST(%s AS bigint))' % (e('ints'), e('int')))()

    def expr_json(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: "(%s -> '%s')" % (e('json'), self.pick('x', 'y')),
            lambda: '(%s -> %d)' % (e('json'), self.pick(0, 1, -1)),
            lambda: "JSONB_BUILD_OBJECT('x', %s, 'y', CAST(%s AS text))" % (e('int'), e('text')),
            lambda: 'JSONB_BUILD_ARRAY(%s, %s)' % (e('json'), e('bool')),
            lambda: 'TO_JSONB(CAST(%s AS %s))' % (*(lambda k: (e(k), SQL_TYPES[k]))(self.pick('int', 'text', 'bool', 'ints', 'numeric')),),
            lambda: 'JSONB_STRIP_NULLS(%s)' % e('json'),
            lambda: "(%s #> '{y,x}')" % e('json'))()

    def expr_int(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: super(Wide, self).expr_int(scope, e, depth, subqueries),
            lambda: super(Wide, self).expr_int(scope, e, depth, subqueries),
            lambda: 'CAST(CARDINALITY(%s) AS bigint)' % e('ints'),
            lambda: '(%s)[%d]' % (e('ints'), self.r.randint(0, 3)),
            lambda: 'CAST((%s - %s) AS bigint)' % (e('date'), e('date')),
            lambda: 'CAST(EXTRACT(%s FROM %s) AS bigint)' % (self.pick('DAY', 'HOUR', 'MONTH', 'EPOCH'), e('interval')),
            lambda: 'CAST(ARRAY_POSITION(%s, CAST(%s AS bigint)) AS bigint)' % (e('ints'), e('int')),
            lambda: 'CAST(COALESCE(ARRAY_LENGTH(%s, 1), 0) AS bigint)' % e('ints'),
            lambda: 'CAST(FLOOR(%s) AS bigint)' % e('numeric'),
            lambda: 'CAST(%s AS int)' % e('bool'))()

    def expr_text(self, scope, e, depth, subqueries):
        return self.pick(
            lambda: super(Wide, self).expr_text(scope, e, depth, subqueries),
            lambda: super(Wide, self).expr_text(scope, e, depth, subqueries),
            lambda: "(%s ->> '%s')" % (e('json'), self.pick('x', 'y')),
            lambda: "ARRAY_TO_STRING(%s, ',', '*')" % e('ints'),
            lambda: 'CAST(%s AS text)' % e(self.pick('ints', 'date', 'interval', 'json', 'bool', 'time')),
            lambda: "TO_CHAR(%s, '%s')" % (e('time'), self.pick('YYYY-MM-DD', 'Mon DD', 'HH24:MI', 'Day', 'IYYY-IW')),
            lambda: 'CONCAT(%s, %s)' % (e('text'), e('int')),
            lambda: '(%s || %s)' % (e('text'), e(self.pick('int', 'date', 'bool'))),
            lambda: "TO_CHAR(%s, '%s')" % (self.leaf(scope, 'numeric'), self.pick('FM999999990.00', '9990.9', 'S000')),
            lambda: 'CAST(%s AS char(3))' % e('text'),
            lambda: "COALESCE(SUBSTRING(%s FROM '([a-z])b'), '-')" % e('text'),
            lambda: "TRANSLATE(%s, 'abz', 'xy')" % e('text'),
            lambda: 'MD5(%s)' % e('text'),
            lambda: "CONCAT_WS('-', %s, %s)" % (e('text'), e('text')),
            lambda: '%s(%s, %d)' % (self.pick('LEFT', 'RIGHT', 'REPEAT', 'LPAD'), e('text'), self.r.randint(0, 3)),
            lambda: "SPLIT_PART(%s, 'b', %d)" % (e('text'), self.pick(1, 2, -1)),
            lambda: "REGEXP_REPLACE(%s, '[a-c]+', '<\\&>', 'g')" % e('text'),
            lambda: 'JSONB_TYPEOF(%s)' % e('json'),
            lambda: 'TRIM(%s)' % e('text'))()

    def condition(self, scope, depth=2, subqueries=True):
        e = lambda k: self.expr(scope, k, max(depth - 1, 0), subqueries)
        if depth <= 0 or self.chance(.62):
            return super().condition(scope, depth, subqueries)
        return self.pick(
            lambda: '(%s %s %s)' % ((lambda k: (e(k), self.r.choice(COMPARISONS), e(k)))(self.pick('numeric', 'date', 'interval', 'ints', 'json'))),
            lambda: '(%s %s %s)' % (e('ints'), self.pick('&&', '@>', '<@'), e('ints')),
            lambda: '(%s %s (%s))' % (e('int'), self.pick('= ANY', '<> ALL', '> ANY', '<= ALL'), e('ints')),
            lambda: "(%s @> '%s')" % (e('json'), self.r.choice(DOCUMENTS)),
            lambda: "(%s ? '%s')" % (e('json'), self.pick('x', 'y')),
            lambda: "(%s ~ '%s')" % (e('text'), self.pick('^a', 'b$', '[a-c]{2}', '^.?$', 'o|z')),
            lambda: "(%s SIMILAR TO '%s')" % (e('text'), self.pick('a%', '(a|b)+', '_{3}')),
            lambda: '(%s %s %s)' % (e('numeric'), self.r.choice(COMPARISONS), e('int')),
            lambda: '(%s %s %s)' % (e('date'), self.r.choice(COMPARISONS), e('time')),
            lambda: '(%s %s %s)' % (e('int'), self.r.choice(COMPARISONS), e('float')),
            lambda: '(%s %sIN (%s, 1.5, %s))' % (e('int'), self.pick('', 'NOT '), e('numeric'), e('int')),
            lambda: '(CAST(%s AS char(4)) %s CAST(%s AS char(6)))' % (e('text'), self.r.choice(COMPARISONS), e('text')),
            lambda: '((%s, %s) OVERLAPS (%s, %s))' % (e('time'), e('interval'), e('time'), e('time')),
            lambda: '(%s %s ANY (VALUES (%s), (%s)))' % (e('int'), self.r.choice(COMPARISONS), e('numeric'), self.constant('float', 0)),
            lambda: '(%s IS %sDISTINCT FROM %s)' % ((lambda k: (e(k), self.pick('', 'NOT '), e(k)))(self.pick('ints', 'json', 'interval'))),
            lambda: 'CASE WHEN %s THEN %s WHEN %s THEN NULL END' % (self.condition(scope, depth - 1, subqueries), e('bool'), e('bool')))()

    # --- subqueries in expressions ---
    def inner(self, scope):
        source, columns = self.base() if self.chance(.7) else self.joined(0)
        inside = Scope(columns, scope, self.pick(.25, .5))
        return source, columns, inside, ' WHERE ' + self.condition(inside, 1, self.chance(.15)) if self.chance(.85) else ''

    def scalar_subquery(self, scope, kind):
        if kind not in ('int', 'text', 'float', 'time', 'numeric', 'date', 'interval') or self.chance(.4):
            return super().scalar_subquery(scope, kind) if kind not in ('ints', 'json') else self.array_subquery(scope, kind)
        source, columns, inside, where = self.inner(scope)
        item = 'CAST(%s AS %s)' % (self.expr(inside, kind, 1, False), SQL_TYPES[kind])
        second, more, inside2, where2 = self.inner(scope)
        item2 = 'CAST(%s AS %s)' % (self.expr(inside2, kind, 1, False), SQL_TYPES[kind])
        pick = self.pick('MIN', 'MAX')
        order = ', '.join(name for name, _ in columns)
        return self.pick(
            lambda: '(SELECT %s(x) FROM (SELECT %s AS x FROM %s%s %s SELECT %s FROM %s%s) AS y)' % (
                pick, item, source, where, self.pick('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'), item2, second, where2),
            lambda: '(WITH c AS (SELECT %s AS x FROM %s%s) SELECT %s(p.x) FROM c AS p JOIN c AS q ON p.x = q.x)' % (item, source, where, pick),
            lambda: '(SELECT x FROM (SELECT %s AS x, ROW_NUMBER() OVER (ORDER BY %s) AS rn FROM %s%s) AS y WHERE rn = %d)' % (item, order, source, where, self.pick(1, 2)),
            lambda: '(SELECT %s(x) FROM (SELECT DISTINCT %s AS x FROM %s%s ORDER BY 1 LIMIT 3) AS y)' % (pick, item, source, where),
            lambda: '(SELECT %s(x) FROM (SELECT %s AS x, COUNT(*) AS c FROM %s%s GROUP BY 1 HAVING COUNT(*) > %d) AS y)' % (pick, item, source, where, self.pick(0, 1)),
            lambda: '(SELECT %s(%s) FROM %s LEFT JOIN %s ON %s%s)' % (
                pick, item, source, second, self.condition(Scope(columns + more, scope, .3), 1, False), where),
            lambda: '(SELECT %s(%s) FROM %s, LATERAL (SELECT %s AS x FROM %s%s) AS l%s)' % (pick, item, source, item2, second, where2, where))()

    def array_subquery(self, scope, kind):
        source, columns, inside, where = self.inner(scope)
        if kind == 'ints':
            item = 'CAST(%s AS bigint)' % self.expr(inside, 'int', 1, False)
            return self.pick('ARRAY(SELECT %s FROM %s%s ORDER BY 1)', '(SELECT ARRAY_AGG(x ORDER BY x) FROM (SELECT %s AS x FROM %s%s) AS y)') % (item, source, where)
        item = self.expr(inside, self.pick('int', 'text'), 1, False)
        return '(SELECT JSONB_AGG(x ORDER BY x) FROM (SELECT %s AS x FROM %s%s) AS y)' % ('CAST(%s AS text)' % item, source, where)

    def subquery_condition(self, scope, kind):
        if self.chance(.6):
            return super().subquery_condition(scope, kind)
        source, columns, inside, where = self.inner(scope)
        item = 'CAST(%s AS %s)' % (self.expr(inside, kind, 1, False), SQL_TYPES[kind])
        left = self.expr(scope, kind, 1, False)
        return self.pick(
            lambda: '(%s %sIN (SELECT %s FROM %s%s GROUP BY 1 HAVING COUNT(*) > 1))' % (left, self.pick('', 'NOT '), item, source, where),
            lambda: '(%s %sIN (SELECT %s FROM %s%s %s VALUES (%s)))' % (left, self.pick('', 'NOT '), item, source, where, self.pick('UNION', 'EXCEPT', 'UNION ALL'), self.constant(kind)),
            lambda: '(%s = ANY (ARRAY(SELECT %s FROM %s%s)))' % (left, item, source, where),
            lambda: '(%s %sIN (SELECT %s FROM %s%s ORDER BY 1 LIMIT 2))' % (left, self.pick('', 'NOT '), item, source, where),
            lambda: '(%sEXISTS (SELECT 1 FROM %s%s GROUP BY %s HAVING COUNT(*) >= %d))' % (self.pick('', 'NOT '), source, where, columns[0][0], self.pick(1, 2)),
            lambda: '(EXISTS (SELECT * FROM %s%s) = EXISTS (SELECT * FROM %s))' % (source, where, self.base()[0]),
            lambda: '((SELECT COUNT(*) FROM %s%s) %s %d)' % (source, where, self.r.choice(COMPARISONS), self.r.randint(0, 3)))()

    # --- FROM ---
    def item(self, depth):
        if self.chance(.1):
            source, columns = self.joined(0)
            return ('(%s)' % source if ' JOIN ' in source else source), columns
        return super().item(depth)

    # --- aggregates and windows ---
    def aggregate(self, scope, kind):
        where = ' FILTER (WHERE %s)' % self.condition(scope, 1, False) if self.chance(.2) else ''
        e = lambda k: 'CAST(%s AS %s)' % (self.expr(scope, k, 1, self.chance(.08)), SQL_TYPES[k])
        distinct = self.pick('', '', 'DISTINCT ')
        if kind == 'ints':
            return (lambda x: 'ARRAY_AGG(%s%s ORDER BY %s)%s' % (distinct, x, x, where))(e('int'))
        if kind == 'json':
            return (lambda x: 'JSONB_AGG(%s%s ORDER BY %s)%s' % (distinct, x, x, where))(e(self.pick('int', 'text')))
        if kind == 'numeric':
            return '%s(%s%s)%s' % (self.pick('SUM', 'MIN', 'MAX'), distinct, e('numeric'), where)
        if kind == 'interval':
            return '%s(%s)%s' % (self.pick('SUM', 'MIN', 'MAX'), e('interval'), where)
        if kind == 'float' and self.chance(.3):
            return 'PERCENTILE_CONT(%s) WITHIN GROUP (ORDER BY %s)%s' % (self.pick('0.5', '0', '0.9'), e('float'), where)
        if kind in ('text', 'int', 'date') and self.chance(.15):
            return 'PERCENTILE_DISC(%s) WITHIN GROUP (ORDER BY %s)%s' % (self.pick('0.5', '0', '0.9'), e(kind), where)
        return super().aggregate(scope, kind) if kind in generate.SQL_TYPES else '%s(%s)%s' % (self.pick('MIN', 'MAX'), e(kind), where)

    def frame(self, key_kind):
        p = self.r.random()
        exclude = self.pick('', '', ' EXCLUDE CURRENT ROW', ' EXCLUDE GROUP', ' EXCLUDE TIES', ' EXCLUDE NO OTHERS')
        if p < .25:
            return 'RANGE BETWEEN %s%s' % (self.pick('UNBOUNDED PRECEDING AND CURRENT ROW', 'CURRENT ROW AND UNBOUNDED FOLLOWING', 'UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING'), exclude)
        steps = {'int': ('1', '2', '5'), 'float': ('0.5', '2', '10'), 'numeric': ('1', '2.5'), 'date': ("INTERVAL '10 days'", "INTERVAL '1 month'"),
                 'time': ("INTERVAL '3 days'", "INTERVAL '1 month'")}.get(key_kind)
        bounds = [('%s PRECEDING', '%s FOLLOWING'), ('%s PRECEDING', 'CURRENT ROW'), ('CURRENT ROW', '%s FOLLOWING'), ('UNBOUNDED PRECEDING', '%s PRECEDING'),
                  ('%s FOLLOWING', 'UNBOUNDED FOLLOWING'), ('%s PRECEDING', 'UNBOUNDED FOLLOWING')]
        start, end = self.r.choice(bounds)
        mode = 'RANGE' if steps and p < .6 else 'GROUPS'
        step = lambda: self.r.choice(steps) if mode == 'RANGE' else str(self.r.randint(0, 2))
        fill = lambda bound: bound % step() if '%s' in bound else bound
        return '%s BETWEEN %s AND %s%s' % (mode, fill(start), fill(end), exclude)

    def frame_window(self, scope, kind):
        """Over frames whose ends lie between peers: any number of them go together."""
        key_kind = self.pick('int', 'float', 'time', 'date', 'numeric', 'text')
        key = self.expr(scope, key_kind, self.pick(0, 0, 1), False)
        key = 'CAST(%s AS %s)' % (key, SQL_TYPES[key_kind])
        partition = 'PARTITION BY %s ' % self.expr(scope, self.pick('int', 'text', 'bool'), 1, False) if self.chance(.6) else ''
        over = '(%sORDER BY %s%s%s %s)' % (partition, key, self.pick('', ' DESC'), self.pick('', '', ' NULLS FIRST', ' NULLS LAST'), self.frame(key_kind))
        item = 'CAST(%s AS %s)' % (self.expr(scope, kind, 1, False), SQL_TYPES[kind])
        where = ' FILTER (WHERE %s)' % self.condition(scope, 1, False) if self.chance(.2) else ''
        if kind == 'int':
            return self.pick('COUNT(*)%s OVER %s' % (where, over), 'CAST(SUM(%s)%s OVER %s AS bigint)' % (item, where, over), 'MAX(%s)%s OVER %s' % (item, where, over),
                             'RANK() OVER %s' % over, 'DENSE_RANK() OVER %s' % over)
        if kind == 'bool':
            return 'BOOL_AND(%s)%s OVER %s' % (item, where, over)
        if kind in ('float', 'numeric'):
            return '%s(%s)%s OVER %s' % (self.pick('SUM', 'MIN', 'AVG' if kind == 'float' else 'MAX'), item, where, over)
        if kind in ('ints', 'json'):
            return self.expr(scope, kind, 1, False)
        return '%s(%s)%s OVER %s' % (self.pick('MIN', 'MAX'), item, where, over)

    # --- blocks ---
    def windowed_groups(self, kinds):
        source, columns = self.joined(0)
        scope = Scope(columns)
        keys = []
        while len(keys) < 2:
            kind = self.pick('int', 'text', 'bool', 'date', 'numeric')
            key = self.expr(scope, kind, self.pick(0, 1), False)
            if any(name in key for name, _ in columns):
                keys.append((key, kind))
        above = Scope(keys)
        items = []
        for kind in kinds:
            over = '(%sORDER BY %s)' % ('PARTITION BY %s ' % keys[0][0] if self.chance(.5) else '', self.pick(keys[1][0], self.aggregate(scope, 'int')))
            items.append('CAST(SUM(%s) OVER %s AS bigint)' % (self.aggregate(scope, 'int'), over) if kind == 'int' and self.chance(.5) else
                         'RANK() OVER %s' % over if kind == 'int' else
                         self.pick('MAX(%s) OVER %s' % (self.aggregate(scope, kind), over), self.aggregate(scope, kind)) if kind not in ('bool', 'ints', 'json') else
                         self.aggregate(scope, kind))
        having = ' HAVING ' + self.subquery_condition(above, 'int') if self.chance(.2) else ''
        return 'SELECT %s FROM %s GROUP BY %s%s' % (', '.join('%s AS o%d' % (x, n) for n, x in enumerate(items)), source, ', '.join(k for k, _ in keys), having)

    def block(self, depth, kinds=None):
        kinds = kinds or [self.kind() for _ in range(self.r.randint(1, 4))]
        p = self.r.random()
        if p < .06:
            return self.windowed_groups(kinds), kinds
        if p < .16:
            source, columns = self.joined(depth)
            scope = Scope(columns)
            where = ' WHERE ' + self.condition(scope, 2, self.chance(.5)) if self.chance(.5) else ''
            items = [self.frame_window(scope, k) for k in kinds]
            return 'SELECT %s FROM %s%s' % (', '.join('%s AS o%d' % (x, n) for n, x in enumerate(items)), source, where), kinds
        self.with_windows = False
        return super().block(min(depth, 1), kinds)

    def window(self, scope, kind):
        return self.frame_window(scope, kind)

    def set_tree(self, depth, kinds):
        if depth == 0 or self.chance(.3):
            return self.block(0, kinds)[0]
        parts = ['(%s)' % self.set_tree(depth - 1, kinds) for _ in range(self.pick(2, 2, 3))]
        text = parts[0]
        for part in parts[1:]:
            text = '%s %s%s %s' % (text, self.pick('UNION', 'INTERSECT', 'EXCEPT'), self.pick('', ' ALL'), part)
        return text

    def query(self, depth, is_top=False):
        if self.chance(.1):
            kinds = [self.kind() for _ in range(self.r.randint(1, 3))]
            return self.set_tree(2, kinds), kinds
        return super().query(depth, is_top)

    def recursive(self):
        return 'WITH RECURSIVE w9(c0, c1) AS (SELECT i, CAST(s AS text) FROM w3 UNION SELECT w9.c0 + 1, w9.c1 || x.s FROM w9 JOIN w2 AS x ON x.i = w9.c0 WHERE w9.c0 < 5 AND CHAR_LENGTH(w9.c1) < 6) ', ['int', 'text']

    def statement(self):
        head = ''
        if self.chance(.05):
            head, kinds = self.recursive()
            self.ctes.append(('w9', kinds))
        elif self.chance(.2):
            query, kinds = self.query(1)
            head = 'WITH w8(%s) AS %s(%s) ' % (', '.join('c%d' % c for c in range(len(kinds))), self.pick('', '', 'MATERIALIZED ', 'NOT MATERIALIZED '), query)
            self.ctes.append(('w8', kinds))
        query, _ = self.query(self.pick(0, 1, 1), True)
        return head + query, self.is_ordered
