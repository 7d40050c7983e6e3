"use strict";
exports.id = 223;
exports.ids = [223];
exports.modules = {

/***/ 9223:
/***/ ((__unused_webpack_module, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   createArtifactStore: () => (/* binding */ createArtifactStore)
/* harmony export */ });
/* harmony import */ var node_events__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(8474);
/* harmony import */ var node_events__WEBPACK_IMPORTED_MODULE_0___default = /*#__PURE__*/__webpack_require__.n(node_events__WEBPACK_IMPORTED_MODULE_0__);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6760);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_1___default = /*#__PURE__*/__webpack_require__.n(node_path__WEBPACK_IMPORTED_MODULE_1__);
/* harmony import */ var _actions_artifact__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(2177);
/* harmony import */ var _domain_problem_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(8230);




/** The summary shows the public key as well, so that a longer wait for an upload is not worth it. */
const maxWait = 60_000;
/**
 * GitHub's artifact service, for plain files.
 * @param runUrl address of the workflow run, on the server that the artifacts belong to
 * @param stop fires when the step has to end: it waits for no upload then
 */
function createArtifactStore(runUrl, stop) {
    return {
        async upload(path, retentionDays, sha256) {
            // The client would also say so, in an annotation of its own.
            if (isEnterpriseServer(runUrl))
                throw failed('GitHub Enterprise Server has no such service');
            const result = await uploadFile(path, retentionDays, stop);
            if (result === null)
                return null;
            const { id = '', digest } = result;
            if (digest !== sha256)
                throw changed((0,node_path__WEBPACK_IMPORTED_MODULE_1__.basename)(path), digest);
            return {
                id: String(id),
                url: id === '' ? '' : `${runUrl}/artifacts/${id}`,
                digest: `sha256:${digest}`,
            };
        },
    };
}
/** Null when the run has an artifact of this name. */
async function uploadFile(path, retentionDays, stop) {
    try {
        stop.throwIfAborted();
        const upload = new _actions_artifact__WEBPACK_IMPORTED_MODULE_2__/* .DefaultArtifactClient */ .t9().uploadArtifact('', [path], (0,node_path__WEBPACK_IMPORTED_MODULE_1__.dirname)(path), {
            skipArchive: true,
            ...(retentionDays === null ? {} : { retentionDays }),
        });
        const end = AbortSignal.any([stop, AbortSignal.timeout(maxWait)]);
        const ended = (0,node_events__WEBPACK_IMPORTED_MODULE_0__.once)(end, 'abort').then(() => Promise.reject(end.reason));
        // The client cannot be cancelled. It goes on in the background, until the process ends.
        return await Promise.race([upload, ended]);
    }
    catch (error) {
        const message = error instanceof Error ? error.message : '';
        if (/already exists|\b409\b|conflict/i.test(message))
            return null;
        throw failed(stop.aborted ? 'the step had to end before it was complete' : reasonOf(error));
    }
}
/** Only GitHub's own hosts have the service; `*.localhost` is GitHub in the rehearsal. */
function isEnterpriseServer(runUrl) {
    const host = URL.canParse(runUrl) ? new URL(runUrl).hostname : '';
    return !/^(?:github\.com|.+\.ghe\.com|.+\.localhost)$/.test(host);
}
function failed(reason) {
    return new _domain_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF('artifact-failed', `the public key could not be uploaded as an artifact: ${reason}`, 'take the public key from the summary page, from output public-key, or from the file in public-key-file');
}
function changed(name, digest) {
    return new _domain_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF('artifact-failed', `artifact ${name} does not contain the public key that was written (its digest is ${digest ? `sha256:${digest}` : 'not known'}): another process on the runner may have changed the file`, 'delete this artifact and do not use it; take the public key from the summary page, and find out what else runs on the runner');
}
/** In words of our own: the message of a library could contain a signed URL. */
function reasonOf(error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: '' };
    if (name === 'UsageError' || /quota|insufficient usage/i.test(message)) {
        return 'the storage quota for artifacts is used up';
    }
    if (name === 'TimeoutError')
        return `no answer within ${maxWait / 1000} seconds`;
    if (/ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL/.test(message)) {
        return 'this runner offers no artifact service';
    }
    return 'the artifact service refused it or did not answer';
}


/***/ })

};
;