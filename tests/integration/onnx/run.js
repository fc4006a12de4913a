// Runs a graph in ONNX Runtime on the inputs that fathom_onnx.py has written, and prints a score a line.
//   node run.js MODEL.onnx INPUTS [rows a call]
// With --load: only loads it, and prints the seconds and the anonymous memory that it took.
const fs = require('fs');
const ort = require('onnxruntime-node');

const kTypes = { int64: BigInt64Array, float32: Float32Array };

function anonymousMegabytes() {
  return Number(/RssAnon:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
}

async function open(model) {
  return ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
}

async function main() {
  const [model, inputs, rows] = process.argv.slice(2);
  if (inputs === '--load') {
    const before = anonymousMegabytes(), begin = process.hrtime.bigint();
    const session = await open(model);
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    console.log(`${seconds.toFixed(3)} s, ${(anonymousMegabytes() - before).toFixed(1)} MB anonymous, ${session.inputNames.length} inputs`);
    return;
  }
  const session = await open(model);
  const data = fs.readFileSync(inputs + '.bin');
  const tensors = JSON.parse(fs.readFileSync(inputs + '.json', 'utf8')).map((input) => {
    const type = kTypes[input.type];
    const size = input.dims.reduce((a, b) => a * b, 1);
    const bytes = data.buffer.slice(data.byteOffset + input.offset, data.byteOffset + input.offset + size * type.BYTES_PER_ELEMENT);
    return { ...input, values: new type(bytes) };
  });
  const examples = tensors[0].dims[0];
  const step = Number(rows) || examples;
  const lines = [];
  for (let begin = 0; begin < examples; begin += step) {
    const end = Math.min(begin + step, examples);
    const feeds = {};
    for (const { name, type, dims, values } of tensors) {
      const width = dims.length > 1 ? dims[1] : 1;
      feeds[name] = new ort.Tensor(type, values.subarray(begin * width, end * width), [end - begin, ...dims.slice(1)]);
    }
    const { score } = await session.run(feeds);
    for (const value of score.data) lines.push(value);
  }
  process.stdout.write(lines.join('\n') + '\n');
}

main().catch((error) => { console.error(error.message); process.exit(1); });
