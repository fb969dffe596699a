/*
 * The first stage of simdjson (Langdale and Lemire, "Parsing Gigabytes of JSON per Second"):
 * where the brackets, commas, colons and values of many lines of JSON are. What they mean is
 * read in C, from these positions. The only C++ of the project.
 */
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include <simdjson.h>

extern "C" {

struct JsonIndexer {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

JsonIndexer *json_indexer_new(void);
void json_indexer_free(JsonIndexer *indexer);
size_t json_indexer_memory(size_t capacity);
bool json_indexer_reserve(JsonIndexer *indexer, size_t capacity);
const uint32_t *json_indexer_run(JsonIndexer *indexer, const uint8_t *data, size_t length,
                                 uint32_t *count);
bool json_utf8_is_valid(const uint8_t *data, size_t length);

JsonIndexer *json_indexer_new(void)
{
    return new (std::nothrow) JsonIndexer();
}

void json_indexer_free(JsonIndexer *indexer)
{
    delete indexer;
}

size_t json_indexer_memory(size_t capacity)
{
    return (capacity + 64) * sizeof(uint32_t);
}

bool json_indexer_reserve(JsonIndexer *indexer, size_t capacity)
{
    if (indexer->parser && indexer->parser->capacity() >= capacity)
        return true;
    indexer->parser.reset();
    return simdjson::get_active_implementation()->create_dom_parser_implementation(
               capacity, 1, indexer->parser) == simdjson::SUCCESS;
}

const uint32_t *json_indexer_run(JsonIndexer *indexer, const uint8_t *data, size_t length,
                                 uint32_t *count)
{
    auto &parser = *indexer->parser;
    simdjson::error_code error = parser.stage1(data, length, simdjson::stage1_mode::regular);
    *count = 0;
    if (error != simdjson::SUCCESS && error != simdjson::EMPTY)
        return nullptr;
    *count = error == simdjson::EMPTY ? 0 : parser.n_structural_indexes;
    uint32_t *indexes = parser.structural_indexes.get();
    for (uint32_t i = 0; i < 3; i++)
        indexes[*count + i] = (uint32_t)(length - 1);
    return indexes;
}

bool json_utf8_is_valid(const uint8_t *data, size_t length)
{
    return simdjson::get_active_implementation()->validate_utf8((const char *)data, length);
}

} /* extern "C" */
