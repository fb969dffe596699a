// What the drivers of the peers that run in process share: commands come in on standard input, one a
// line, and are answered with one line each, as talaria-bench-client does (README.md has the table).
//
// A driver gives a function that opens a connection, an object with
//     run(sql)    does the statements and resolves to the count of rows of the last one's result
//     rows(sql)   resolves to that result as tab-separated text

import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const micros = () => Number(process.hrtime.bigint()) / 1000

function percentile(sorted, percent) {
    return sorted.length === 0 ? 0 : Math.round(sorted[Math.floor((sorted.length - 1) * percent / 100)])
}

function sort(latencies) {
    return Float64Array.from(latencies).sort()
}

async function time(connection, sql) {
    const start = micros()
    const rows = await connection.run(sql)
    return `${Math.round(micros() - start)} ${rows} 0`
}

async function rows(connection, sql, path) {
    const text = await connection.rows(sql)
    writeFileSync(path, text)
    return `${text.split('\n').length - 1}`
}

async function latency(connection, sql, millis) {
    const latencies = [], end = micros() + millis * 1000
    for (let before = micros(); before < end;) {
        await connection.run(sql)
        const after = micros()
        latencies.push(after - before)
        before = after
    }
    const sorted = sort(latencies)
    return `${percentile(sorted, 50)} ${percentile(sorted, 99)} ${sorted.length}`
}

// The queries in turn on each of several connections, each at its own pace.
async function mix(open, count, millis, queries) {
    const connections = []
    for (let i = 0; i < count; i++)
        connections.push(await open())
    const latencies = [], start = micros(), end = start + millis * 1000
    await Promise.all(connections.map(async (connection, i) => {
        for (let next = i, before = micros(); before < end; next++) {
            await connection.run(queries[next % queries.length])
            const after = micros()
            latencies.push(after - before)
            before = after
        }
    }))
    const seconds = (micros() - start) / 1e6, sorted = sort(latencies)
    return `${(sorted.length / seconds).toFixed(1)} ${percentile(sorted, 50)} ${percentile(sorted, 99)}`
}

function read(path) {
    return readFileSync(path, 'utf8')
}

async function answer(open, connection, [command, ...words]) {
    switch (command) {
    case 'time': return time(connection, read(words[0]))
    case 'rows': return rows(connection, read(words[0]), words[1])
    case 'latency': return latency(connection, read(words[1]), Number(words[0]))
    case 'mix': return mix(open, Number(words[0]), Number(words[1]), words.slice(2).map(read))
    default: throw new Error('no such command')
    }
}

// Statements of a file, for engines that take one at a time. No query has a semicolon in a string.
export function statements(sql) {
    return sql.split(';').map(text => text.trim()).filter(text => text !== '')
}

export async function serve(open) {
    const connection = await open()
    console.log('ok')
    for await (const line of createInterface({ input: process.stdin })) {
        if (line === 'quit')
            break
        try {
            console.log(`ok ${await answer(open, connection, line.split(' '))}`)
        } catch (error) {
            console.log(`error ${String(error.message ?? error).replaceAll('\n', ' ')}`)
        }
    }
    process.exit(0)
}
