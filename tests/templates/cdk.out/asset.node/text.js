exports.greeting = 'Node.js';
