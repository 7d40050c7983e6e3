"use strict";
exports.id = 906;
exports.ids = [906];
exports.modules = {

/***/ 5906:
/***/ ((__unused_webpack_module, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   createAmazonPay: () => (/* binding */ createAmazonPay)
/* harmony export */ });
/* harmony import */ var node_events__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(8474);
/* harmony import */ var node_events__WEBPACK_IMPORTED_MODULE_0___default = /*#__PURE__*/__webpack_require__.n(node_events__WEBPACK_IMPORTED_MODULE_0__);
/* harmony import */ var _actions_http_client__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(872);


const requestTimeout = 10_000;
/** Amazon Pay's answers to this request are a line of JSON; what is longer comes from another server. */
const maxBodyBytes = 64 * 1024;
/**
 * Amazon Pay's API over HTTPS, through the runner's proxy when there is one.
 * @param override scheme, host and port to send to instead, for rehearsals: what is signed stays the same
 */
function createAmazonPay(override, timeout = requestTimeout) {
    return {
        async send({ host, path, headers }) {
            const client = new _actions_http_client__WEBPACK_IMPORTED_MODULE_1__/* .HttpClient */ .Qq('amazon-pay-keys', [], {
                allowRedirects: false,
                allowRetries: false,
                socketTimeout: timeout,
            });
            let message;
            const exchange = async () => {
                const origin = override?.origin ?? `https://${host}`;
                const response = await client.get(`${origin}${path}`, { ...headers });
                message = response.message;
                return answerOf(message);
            };
            try {
                // The socket's own timeout starts again with every byte, so that a slow answer would never end.
                const timeIsUp = (0,node_events__WEBPACK_IMPORTED_MODULE_0__.once)(AbortSignal.timeout(timeout), 'abort');
                return await Promise.race([exchange(), timeIsUp.then(() => null)]);
            }
            catch {
                return null;
            }
            finally {
                // dispose() leaves the connection of a proxy open: an answer that never ends would keep the process.
                message?.destroy();
                client.dispose();
            }
        },
    };
}
async function answerOf(message) {
    const header = (name) => {
        const value = message.headers[name];
        return typeof value === 'string' ? value : null;
    };
    return {
        status: message.statusCode ?? 0,
        contentType: header('content-type') ?? '',
        body: await bodyOf(message),
        date: header('date'),
        requestId: header('x-amz-pay-request-id'),
    };
}
async function bodyOf(message) {
    const chunks = [];
    let length = 0;
    for await (const chunk of message) {
        length += chunk.length;
        if (length > maxBodyBytes)
            throw new Error('too long');
        chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
}


/***/ })

};
;