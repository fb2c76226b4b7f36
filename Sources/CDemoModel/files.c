// #embed takes the files as they lie in the repository. Nothing is parsed, so that they compile in no time, and nothing is read
// before it is asked for, so that no other command starts later.
#include "cdemomodel.h"

#if !defined(__has_embed)
#error "this compiler has no #embed; clang has it since version 19 (Xcode 16.3, Swift 6.2)"
#endif
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char card[] = {
#embed "../../fixtures/doge-nano/README.md"
};
static const unsigned char template[] = {
#embed "../../fixtures/doge-nano/chat_template.jinja"
};
static const unsigned char config[] = {
#embed "../../fixtures/doge-nano/config.json"
};
static const unsigned char tokens[] = {
#embed "../../fixtures/doge-nano/demo.tokens.json"
};
static const unsigned char generation[] = {
#embed "../../fixtures/doge-nano/generation_config.json"
};
static const unsigned char weights[] = {
#embed "../../fixtures/doge-nano/model.safetensors"
};
static const unsigned char special_tokens[] = {
#embed "../../fixtures/doge-nano/special_tokens_map.json"
};
static const unsigned char tokenizer[] = {
#embed "../../fixtures/doge-nano/tokenizer.json"
};
static const unsigned char tokenizer_config[] = {
#embed "../../fixtures/doge-nano/tokenizer_config.json"
};

static const kb_demo_file files[] = {
    {"README.md", card, sizeof card},
    {"chat_template.jinja", template, sizeof template},
    {"config.json", config, sizeof config},
    {"demo.tokens.json", tokens, sizeof tokens},
    {"generation_config.json", generation, sizeof generation},
    {"model.safetensors", weights, sizeof weights},
    {"special_tokens_map.json", special_tokens, sizeof special_tokens},
    {"tokenizer.json", tokenizer, sizeof tokenizer},
    {"tokenizer_config.json", tokenizer_config, sizeof tokenizer_config},
};

const kb_demo_file *kb_demo_file_at(size_t place) {
  return place < sizeof files / sizeof *files ? &files[place] : NULL;
}
