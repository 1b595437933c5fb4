// brain.js as a contestant: reads {"sizes", "layers", "rate", "input", "target"} on the first line, then a
// number of updates on each further line, and answers each with "done"; "weights" gets all weights as JSON.
const brain = require("brain.js");
const lines = require("readline").createInterface({ input: process.stdin });
let net = null, pattern = null;

function begin(task) {
  net = new brain.NeuralNetwork({ hiddenLayers: task.sizes.slice(1, -1), activation: "sigmoid" });
  net.sizes = task.sizes;
  net.initialize();
  net.trainOpts.momentum = 0;
  net.trainOpts.learningRate = task.rate;
  task.layers.forEach(([weights, biases], place) => {
    weights.forEach((row, unit) => net.weights[place + 1][unit].set(row));
    net.biases[place + 1].set(biases);
  });
  pattern = { input: Float32Array.from(task.input), output: Float32Array.from(task.target) };
}

lines.on("line", (line) => {
  if (net === null) begin(JSON.parse(line));
  else if (line === "weights") {
    const layers = net.weights.slice(1).map((rows, place) => [
      rows.map((row) => Array.from(row)),
      Array.from(net.biases[place + 1]),
    ]);
    return console.log(JSON.stringify(layers));
  } else for (let left = Number(line); left > 0; left--) net.trainPattern(pattern, false);
  console.log("done");
});
