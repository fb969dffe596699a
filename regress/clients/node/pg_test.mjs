// node-postgres: text parameters without types, named statements, arrays, errors, many queries in flight.
import pg from 'pg';

const { Client, Pool, types } = pg;
const settings = {
  host: process.env.PGHOST_TCP, port: +process.env.PGPORT, user: process.env.PGUSER, database: process.env.PGDATABASE,
};
let passed = 0, failed = 0;

async function check(name, action, want) {
  let got;
  try {
    got = await action();
  } catch (error) {
    got = `${error.code} ${error.message}`;
  }
  const ok = JSON.stringify(got) === JSON.stringify(want);
  if (ok) passed++; else failed++;
  console.log(`${ok ? 'ok      ' : 'not ok  '} clients/node-pg/${name}`);
  if (!ok) console.log(`    got  ${JSON.stringify(got)}\n    want ${JSON.stringify(want)}`);
}

const codeOf = (promise) => promise.then(() => null, (error) => error.code);
const client = new Client(settings);
await client.connect();
await check('rows', async () => (await client.query('SELECT * FROM edits ORDER BY __time')).rows, [
  { __time: '2015-09-12T01:00:00.000Z', channel: 'en', page: 'Main Page', user: 'ann', added: '3', ratio: 0.75, big: false },
  { __time: '2015-09-12T02:30:00.000Z', channel: 'de', page: 'Käse', user: 'bob', added: '10', ratio: 2.5, big: true },
  { __time: '2015-09-13T03:00:00.500Z', channel: 'en', page: null, user: "o'neil", added: '-7', ratio: -1.75, big: false }]);
await check('fields', async () => (await client.query('SELECT added, channel AS c, 1 FROM edits LIMIT 0')).fields
  .map((f) => [f.name, f.dataTypeID, f.columnID, f.dataTypeSize]), [['added', 20, 5, 8], ['c', 1043, 2, -1], ['?column?', 23, 0, 4]]);
await check('parameters', async () => (await client.query('SELECT added FROM edits WHERE channel = $1 AND added > $2 AND big = $3 ORDER BY 1',
  ['en', -100, false])).rows, [{ added: '-7' }, { added: '3' }]);
await check('any', async () => (await client.query('SELECT count(*)::int AS n FROM edits WHERE channel = ANY($1)', [['de', 'fr']])).rows, [{ n: 1 }]);
await check('dates', async () => (await client.query('SELECT count(*)::int AS n FROM edits WHERE __time >= $1 AND __time < $2',
  [new Date('2015-09-12T00:00:00Z'), new Date('2015-09-13T00:00:00Z')])).rows, [{ n: 2 }]);
await check('limit', async () => (await client.query('SELECT added FROM edits ORDER BY 1 LIMIT $1 OFFSET $2', [1, 1])).rows, [{ added: '3' }]);
await check('values', async () => (await client.query('SELECT $1::int AS i, $2::text[] AS t, $3::jsonb AS j, $4::bytea AS b, $5 AS s, $6::numeric AS n',
  [41, ['a', null, 'c,d'], { k: [1] }, Buffer.from([0, 255]), 'plain', '1.50'])).rows[0],
{ i: 41, t: ['a', null, 'c,d'], j: { k: [1] }, b: { type: 'Buffer', data: [0, 255] }, s: 'plain', n: '1.50' });
await check('types', async () => (await client.query(
  "SELECT interval '1 day 02:00:03' AS i, ARRAY[1,2] AS a, '{\"a\":1}'::json AS j, 1.5::float4 AS f, DATE '2020-02-29'::text AS d")).rows[0],
{ i: { days: 1, hours: 2, seconds: 3 }, a: [1, 2], j: { a: 1 }, f: 1.5, d: '2020-02-29' });
await check('array_mode', async () => (await client.query({ text: 'SELECT 1, 2', rowMode: 'array' })).rows, [[1, 2]]);
await check('named', async () => {
  const seen = [];
  for (const channel of ['en', 'de', 'en'])
    seen.push((await client.query({ name: 'by-channel', text: 'SELECT count(*)::int AS n FROM edits WHERE channel = $1', values: [channel] })).rows[0].n);
  return seen;
}, [2, 1, 2]);
await check('several', async () => (await client.query('SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c')).map((r) => r.rows[0]), [{ a: 1 }, { b: 2 }, { c: 3 }]);
await check('command', async () => {
  const r = await client.query('SELECT * FROM edits');
  return [r.command, r.rowCount];
}, ['SELECT', 3]);
await check('in_flight', async () => {
  const all = await Promise.all(Array.from({ length: 300 }, (_, i) => client.query('SELECT $1::int + 1 AS n', [i])));
  return all.reduce((sum, r) => sum + r.rows[0].n, 0);
}, 45150);
await check('errors', () => Promise.all([codeOf(client.query('SELEC')), codeOf(client.query('SELECT * FROM nowhere')),
  codeOf(client.query('SELECT 1/$1::int', [0])), codeOf(client.query('SELECT $1::int', ['x']))]), ['42601', '42P01', '22012', '22P02']);
await check('position', () => client.query('SELECT nothing FROM edits').catch((e) => [e.code, e.position, e.severity]), ['42703', '8', 'ERROR']);
await check('transaction', async () => {
  await client.query('BEGIN');
  await codeOf(client.query('SELECT 1/0'));
  const code = await codeOf(client.query('SELECT 1'));
  const end = await client.query('COMMIT');
  return [code, end.command];
}, ['25P02', 'ROLLBACK']);
await check('notice', async () => {
  const seen = new Promise((resolve) => client.once('notice', (n) => resolve(n.code)));
  await client.query('COMMIT');
  return seen;
}, '25P01');
await check('time_zone', async () => {
  await client.query("SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE");
  return (await client.query("SELECT TIMESTAMPTZ '2020-01-01 12:00:00+02'::text AS t")).rows[0].t;
}, '2020-01-01 10:00:00+00');
await client.end();

const pool = new Pool({ ...settings, max: 8, statement_timeout: 5000, application_name: 'pool' });
await check('pool', async () => {
  const all = await Promise.all(Array.from({ length: 64 }, (_, i) => pool.query('SELECT $1::int AS n', [i])));
  return all.reduce((sum, r) => sum + r.rows[0].n, 0);
}, 2016);
await check('pool_settings', async () => {
  const r = await pool.query("SELECT current_setting('statement_timeout') AS t, current_setting('application_name') AS a");
  return r.rows[0];
}, { t: '5s', a: 'pool' });
await pool.end();
const hasty = new Client({ ...settings, statement_timeout: 200 });
await hasty.connect();
await check('statement_timeout', () => codeOf(hasty.query('SELECT pg_sleep(20)')), '57014');
await hasty.end();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
