// ClickHouse in process (chDB).
//
//     node driver_clickhouse.mjs FOLDER THREADS

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { serve, statements } from './driver.mjs'

const [folder, threads] = process.argv.slice(2)
// the package is installed beside the data, not beside this file
const { Session } = createRequire(join(process.cwd(), 'x.js'))('chdb')
const session = new Session(folder)
for (const setting of [`max_threads = ${threads}`, `max_insert_threads = ${threads}`, `session_timezone = 'UTC'`,
    `date_time_input_format = 'best_effort'`, 'input_format_csv_trim_whitespaces = 0', 'output_format_write_statistics = 0'])
    session.query(`SET ${setting}`)

async function run(sql, format) {
    let result
    for (const statement of statements(sql))
        result = await session.queryAsync(statement, { format })
    return result
}

await serve(async () => ({
    // Native, its own columnar format, is the cheapest way out; its rows are not counted
    run: async sql => { (await run(sql, 'Native')).bytes(); return 0 },
    rows: async sql => (await run(sql, 'TSVRaw')).text(),
}))
