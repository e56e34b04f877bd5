#!/usr/bin/env node
// Runs the program, which is in the package for this platform.
'use strict';

const { spawn } = require('node:child_process');

const platform = `${process.platform}-${process.arch}`;

function program() {
  try {
    return require.resolve(`websocket-gateway-${platform}/websocket-gateway`);
  } catch {
    console.error(
      `websocket-gateway: the package websocket-gateway-${platform} is not installed. There are packages for Linux with glibc and ` +
        'for macOS, each for x64 and arm64; npm installs the right one unless it is told to leave out optional dependencies.',
    );
    process.exit(1);
  }
}

const child = spawn(program(), process.argv.slice(2), { stdio: 'inherit' });

// The program decides when it ends. From a terminal it gets Ctrl-C as well, and must not get it twice.
const hasTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
process.on('SIGINT', () => hasTerminal || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

child.on('error', (error) => {
  console.error(`websocket-gateway: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else {
    process.exit(code);
  }
});
