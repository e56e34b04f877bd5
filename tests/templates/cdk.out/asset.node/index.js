const { greeting } = require('./text');

exports.handler = async ({ body }) => ({ statusCode: 200, body: `${greeting} from ${process.env.TABLE_NAME}: ${body}` });
