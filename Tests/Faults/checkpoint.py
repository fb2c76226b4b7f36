"""Checkpoints of any size for the fault harness: random weights, a tokenizer of bytes, a template and all other side files."""
import json
import os
import random
import struct


def byte_alphabet():
    """The characters that byte-level tokenizers write the 256 bytes as."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}


def side_files(width, inner, layers, vocabulary):
    tokens = {"bos": 256, "eos": 257, "pad": 258}
    ids = {f"{name}_token_id": number for name, number in tokens.items()}
    names = {f"{name}_token": f"<|{name}|>" for name in tokens}
    special = [
        dict(id=number, content=f"<|{name}|>", single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
        for name, number in tokens.items()
    ]
    vocab = {character: byte for byte, character in byte_alphabet().items()}
    files = {
        "config.json": dict(
            architectures=["DogeForCausalLM"], model_type="doge", vocab_size=vocabulary, hidden_size=width, intermediate_size=inner,
            num_hidden_layers=layers, num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=True,
            max_position_embeddings=512, torch_dtype="bfloat16", **ids),
        "generation_config.json": ids,
        "tokenizer_config.json": names | dict(tokenizer_class="PreTrainedTokenizerFast", clean_up_tokenization_spaces=False),
        "special_tokens_map.json": names,
        "tokenizer.json": dict(
            version="1.0", added_tokens=special, normalizer=None, post_processor=None,
            pre_tokenizer=dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True),
            decoder=dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True),
            model=dict(type="BPE", vocab=vocab, merges=[])),
    }
    texts = {name: json.dumps(value) for name, value in files.items()}
    texts["chat_template.jinja"] = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}"
    texts["LICENSE"] = "for tests\n"
    texts["README.md"] = "---\nlicense: apache-2.0\n---\n"
    return texts


def shapes(width, inner, layers, vocabulary):
    head = width // 2
    yield "model.embed_tokens.weight", (vocabulary, width)
    for layer in range(layers):
        block = f"model.layers.{layer}."
        for name in ["input_layernorm.weight", "input_residual", "post_attention_layernorm.weight", "post_attention_residual"]:
            yield block + name, (width,)
        for name, shape in {
            "q_proj": (width, width), "k_proj": (head, width), "v_proj": (head, width), "o_proj": (width, width), "dt_proj": (1, head),
            "q_norm": (head,), "k_norm": (head,),
        }.items():
            yield f"{block}self_attn.{name}.weight", shape
        yield block + "self_attn.A", (1,)
        for name, shape in {"gate_proj": (inner, width), "up_proj": (inner, width), "down_proj": (width, inner)}.items():
            yield f"{block}mlp.{name}.weight", shape
    yield "model.norm.weight", (width,)


def write(folder, width=16, inner=24, layers=1, vocabulary=259, seed=0):
    """Writes a checkpoint in bf16; all weights are between 1/128 and 1/32 in magnitude."""
    os.makedirs(folder, exist_ok=True)
    generator = random.Random(seed)
    header, parts, end = {}, [], 0
    for name, shape in shapes(width, inner, layers, vocabulary):
        count = 1
        for size in shape:
            count *= size
        values = bytearray(generator.randbytes(2 * count))
        values[1::2] = bytes(values[1::2]).translate(bytes(0x3C | byte & 0x80 for byte in range(256)))
        header[name] = dict(dtype="BF16", shape=shape, data_offsets=[end, end + 2 * count])
        parts.append(values)
        end += 2 * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
    for name, text in side_files(width, inner, layers, vocabulary).items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
