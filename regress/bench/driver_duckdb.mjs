// DuckDB in process.
//
//     node driver_duckdb.mjs FOLDER THREADS

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { serve } from './driver.mjs'

const [folder, threads] = process.argv.slice(2)
// the package is installed beside the data, not beside this file
const { DuckDBInstance } = createRequire(join(process.cwd(), 'x.js'))('@duckdb/node-api')
const instance = await DuckDBInstance.create(join(folder, 'wiki.duckdb'), { threads })

function text(value) {
    return value === null ? '\\N' : String(value)
}

await serve(async () => {
    const connection = await instance.connect()
    return {
        // the result is materialised by the engine; nothing of it becomes a value of this language
        run: async sql => (await connection.run(sql)).rowCount,
        rows: async sql => {
            const result = await connection.runAndReadAll(sql)
            return result.getRows().map(row => row.map(text).join('\t') + '\n').join('')
        },
    }
})
