export const id = 760;
export const ids = [760];
export const modules = {

/***/ 44760:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  createAmazonPay: () => (/* reexport */ createAmazonPay),
  createArtifactStore: () => (/* reexport */ createArtifactStore),
  createGitHub: () => (/* reexport */ createGitHub),
  createGitHubClient: () => (/* reexport */ createGitHubClient),
  createTarget: () => (/* reexport */ createTarget),
  loadArtifactClient: () => (/* reexport */ loadArtifactClient)
});

// EXTERNAL MODULE: ./lib/node_modules/@actions/http-client/lib/index.js + 1 modules
var lib = __webpack_require__(50872);
;// CONCATENATED MODULE: ./lib/adapters/amazon-pay.js

const requestTimeout = 10_000;
/** No answer of Amazon Pay to the proof is longer; what is, is not Amazon Pay. */
const longestBody = 64 * 1024;
/**
 * Amazon Pay's API over HTTPS, through the runner's proxy when there is one.
 * @param override scheme, host and port to send to instead, for rehearsals: what is signed stays the same
 */
function createAmazonPay(override) {
    return {
        async send(request) {
            const client = new lib/* HttpClient */.Qq('amazon-pay-keys', [], {
                allowRedirects: false,
                allowRetries: false,
                socketTimeout: requestTimeout,
            });
            const origin = override?.origin ?? `https://${request.host}`;
            let timer;
            try {
                const timeout = new Promise((_, reject) => {
                    timer = setTimeout(() => reject(new Error('timeout')), requestTimeout);
                });
                const { message } = await Promise.race([
                    client.get(`${origin}${request.path}`, { ...request.headers }),
                    timeout,
                ]);
                const body = await Promise.race([bodyOf(message), timeout]);
                const header = (name) => {
                    const value = message.headers[name];
                    return typeof value === 'string' ? value : null;
                };
                return {
                    status: message.statusCode ?? 0,
                    contentType: header('content-type') ?? '',
                    body,
                    date: header('date'),
                    requestId: header('x-amz-pay-request-id'),
                };
            }
            catch {
                return null;
            }
            finally {
                clearTimeout(timer);
                client.dispose();
            }
        },
    };
}
async function bodyOf(message) {
    const chunks = [];
    let length = 0;
    for await (const chunk of message) {
        length += chunk.length;
        if (length > longestBody)
            throw new Error('too long');
        chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
}

// EXTERNAL MODULE: ./lib/domain/problem.js
var domain_problem = __webpack_require__(11591);
;// CONCATENATED MODULE: ./lib/adapters/meanwhile.js
/**
 * Loads a chunk while answers are awaited. Loading blocks the thread for a while: it begins a moment later, so
 * that the requests that are made now are sent before.
 */
function meanwhile(load) {
    // What cannot be loaded is told by whoever needs it.
    setTimeout(() => load().catch(() => { }), 10).unref();
}

;// CONCATENATED MODULE: ./lib/adapters/artifact.js


/** Longer than this, and a public key that stands on the summary page as well is not worth waiting for. */
const patience = 60_000;
const artifactClient = () => __webpack_require__.e(/* import() */ 90).then(__webpack_require__.bind(__webpack_require__, 38090));
/** Ahead of the upload, since it takes a while. */
function loadArtifactClient() {
    meanwhile(artifactClient);
}
/**
 * GitHub's artifact service. The client is by far the largest thing that is bundled, so it is a chunk of its
 * own and loaded when there is something to upload.
 */
function createArtifactStore(runUrl, stop) {
    return {
        async upload(path, retentionDays) {
            // The client would say so as well, in an annotation of its own.
            if (isEnterpriseServer(runUrl))
                throw failed('GitHub Enterprise Server has no such service');
            const { DefaultArtifactClient } = await artifactClient();
            await keepTokenAtHome();
            try {
                const upload = new DefaultArtifactClient().uploadArtifact('', [path], dirOf(path), {
                    skipArchive: true,
                    ...(retentionDays > 0 ? { retentionDays } : {}),
                });
                const { id, digest } = await orTimeout(upload, stop);
                return stored(runUrl, String(id ?? ''), digest);
            }
            catch (error) {
                const message = error instanceof Error ? error.message : '';
                if (/already exists|\b409\b|conflict/i.test(message))
                    return null;
                throw failed(reasonOf(error));
            }
        },
    };
}
function failed(reason) {
    return new domain_problem/* Problem */.AF('artifact-failed', `the public key could not be uploaded as an artifact: ${reason}`, 'nothing is lost: take the public key from the summary page, from output public-key, or from the file in public-key-file');
}
/** Only GitHub's own hosts have the service; `localhost` stands for them where GitHub is rehearsed. */
function isEnterpriseServer(runUrl) {
    const host = URL.canParse(runUrl) ? new URL(runUrl).hostname : '';
    return !/^(?:github\.com|.+\.ghe\.com|.+\.localhost)$/.test(host);
}
/**
 * The client would send the job's token along with a redirect to any host: @actions/http-client 4.0 takes
 * the header off, and this handler puts it on again for every request. Only where it belongs, then.
 */
async function keepTokenAtHome() {
    const { BearerCredentialHandler } = await __webpack_require__.e(/* import() */ 209).then(__webpack_require__.bind(__webpack_require__, 78209));
    const home = originOf(process.env.ACTIONS_RESULTS_URL ?? '');
    const { prepareRequest } = BearerCredentialHandler.prototype;
    BearerCredentialHandler.prototype.prepareRequest = function (options) {
        if (`${options.host}:${options.port}` === home)
            prepareRequest.call(this, options);
    };
}
function originOf(text) {
    if (!URL.canParse(text))
        return '';
    const { hostname, port, protocol } = new URL(text);
    return `${hostname}:${port || (protocol === 'http:' ? 80 : 443)}`;
}
function dirOf(path) {
    return path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')));
}
function stored(runUrl, id, digest) {
    return {
        id,
        url: id === '' ? '' : `${runUrl}/artifacts/${id}`,
        digest: digest ? `sha256:${digest.replace(/^sha256:/, '')}` : null,
    };
}
/** A step that has to end still wants to write its summary. */
async function orTimeout(promise, stop) {
    const end = AbortSignal.any([AbortSignal.timeout(patience), stop]);
    const ended = new Promise((_, reject) => {
        const giveUp = () => reject(new Error(stop.aborted ? 'stopped' : 'timeout'));
        if (end.aborted)
            giveUp();
        end.addEventListener('abort', giveUp);
    });
    return Promise.race([promise, ended]);
}
/** In our own words: a library's message could carry a signed URL. */
function reasonOf(error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: '' };
    if (name === 'UsageError' || /quota|insufficient usage/i.test(message)) {
        return 'the storage quota for artifacts is used up';
    }
    if (message === 'stopped')
        return 'the step was stopped before the upload was through';
    if (message === 'timeout')
        return `no answer within ${patience / 1000} seconds`;
    if (/ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL/.test(message)) {
        return 'this runner offers no artifact service';
    }
    return 'the artifact service refused it or did not answer';
}

// EXTERNAL MODULE: ./lib/node_modules/@actions/github/lib/github.js
var github = __webpack_require__(53495);
// EXTERNAL MODULE: ./node_modules/p-retry/index.js + 1 modules
var p_retry = __webpack_require__(74995);
;// CONCATENATED MODULE: ./lib/adapters/github.js



/** The API version that these requests were written for. */
const apiVersion = '2022-11-28';
const github_requestTimeout = 10_000;
const retries = 3;
/** A request that failed for good. */
class GitHubError extends Error {
    name = 'GitHubError';
    refusal;
    constructor(refusal) {
        super(`GitHub: ${refusal.status ?? 'no answer'}`);
        this.refusal = refusal;
    }
}
/**
 * Octokit with the retries of this action. The ready-made plugins do not fit: plugin-retry repeats a 409,
 * which is an answer here (the record is the lock), and plugin-throttling pauses between the two secrets of
 * one pair, which must be written back to back.
 */
function createGitHubClient(options) {
    const { clock, deadline } = options;
    const silent = () => { };
    const octokit = (0,github/* getOctokit */.Q)(options.token, {
        baseUrl: options.apiUrl,
        userAgent: 'amazon-pay-keys',
        log: { debug: silent, info: silent, warn: silent, error: silent },
    });
    let serverTime = null;
    const once = async (route, parameters) => {
        try {
            const { status, data, headers } = await octokit.request(route, {
                ...parameters,
                headers: { 'x-github-api-version': apiVersion },
                request: {
                    signal: AbortSignal.any([AbortSignal.timeout(github_requestTimeout), deadline.signal]),
                    // A redirect could lead the token, or a sealed key, to another place than was named.
                    redirect: 'manual',
                },
            });
            if (headers.date)
                serverTime = new Date(headers.date);
            if (status >= 300)
                throw new GitHubError(refused(status, 'moved'));
            return { status, data: data };
        }
        catch (error) {
            throw error instanceof GitHubError ? error : new RetryableError(error);
        }
    };
    return {
        async request(route, parameters = {}) {
            let uncertain = false;
            if (!route.startsWith('GET '))
                options.onWrite?.();
            try {
                return await (0,p_retry/* default */.Ay)(() => once(route, parameters), {
                    retries,
                    minTimeout: 1000,
                    factor: 2,
                    randomize: true,
                    signal: deadline.signal,
                    shouldRetry: ({ error }) => error instanceof RetryableError && error.wait !== null,
                    onFailedAttempt: async ({ error, retriesLeft }) => {
                        if (error instanceof RetryableError)
                            uncertain ||= isUnclear(error.refusal);
                        if (!(error instanceof RetryableError) || !error.wait || retriesLeft === 0)
                            return;
                        // No use in waiting for a rate limit that outlasts the step.
                        if (clock.now().getTime() + error.wait > deadline.at.getTime())
                            throw error;
                        options.tell(`GitHub asks to wait ${Math.ceil(error.wait / 1000)} seconds before the next request`);
                        await clock.sleep(error.wait);
                    },
                });
            }
            catch (error) {
                if (error instanceof GitHubError)
                    throw error;
                const refusal = refusalOf(error);
                throw new GitHubError({ ...refusal, uncertain: uncertain || isUnclear(refusal) });
            }
        },
        get serverTime() {
            return serverTime;
        },
    };
}
/** A failed try, with the time to wait before the next one: null when another try would not help. */
class RetryableError extends Error {
    name = 'RetryableError';
    refusal;
    /** Milliseconds that GitHub asks to wait, on top of the back-off. */
    wait;
    constructor(cause) {
        super('GitHub request failed');
        this.refusal = refusalOf(cause);
        this.wait = waitOf(cause, this.refusal);
    }
}
function refusalOf(error) {
    if (error instanceof RetryableError)
        return error.refusal;
    const { status, response } = (error ?? {});
    if (!response)
        return refused(null, 'GitHub did not answer');
    // GitHub's own words, cut, on one line: they are quoted in a message.
    const said = response.data?.message;
    const message = typeof said === 'string' ? said.replaceAll(/\s+/g, ' ').slice(0, 200) : '';
    const headers = response.headers ?? {};
    return {
        status: status ?? null,
        message,
        accepted: headers['x-accepted-github-permissions'] ?? null,
        limited: status === 429 ||
            (status === 403 &&
                (headers['retry-after'] !== undefined ||
                    headers['x-ratelimit-remaining'] === '0' ||
                    /rate limit|abuse/i.test(message))),
    };
}
function isUnclear({ status }) {
    return status === null || status >= 500;
}
/** A refusal that says nothing about permissions or limits. */
function refused(status, message) {
    return { status, message, accepted: null, limited: false };
}
/** GitHub's rules for rate limits: `retry-after`, else `x-ratelimit-reset`, else a minute. */
function waitOf(error, { status, limited }) {
    const headers = error?.response?.headers ?? {};
    if (limited) {
        const after = Number(headers['retry-after']);
        if (headers['retry-after'] !== undefined && Number.isFinite(after))
            return after * 1000;
        const reset = Number(headers['x-ratelimit-reset']);
        const now = Date.parse(headers.date ?? '');
        if (headers['x-ratelimit-remaining'] === '0' && reset > 0 && now > 0) {
            return Math.max(0, reset * 1000 - now);
        }
        return 60_000;
    }
    return status === null || status >= 500 || status === 408 ? 0 : null;
}
/** What GitHub's refusal means for a person, and what to do next. */
function explain(error, attempt) {
    if (!(error instanceof GitHubError))
        throw error;
    const { refusal } = error;
    const { status, message } = refusal;
    const answered = `answered ${status}${message && ` “${message}”`}`;
    const fact = `could not ${attempt.what} of ${attempt.where}: ${status === null ? message : `GitHub ${answered}`}`;
    const uncertain = attempt.write !== null && refusal.uncertain === true;
    const make = (code, text, hint) => new domain_problem/* Problem */.AF(code, text, hint, { uncertain });
    if (refusal.limited) {
        return make('github-unavailable', fact, 'this token has used up what GitHub allows for now: wait for some minutes, after an hourly limit for up to an hour, then run this again');
    }
    if (status === null || status >= 500) {
        return make('github-unavailable', fact, 'look at https://www.githubstatus.com and run this again: it goes on where it was cut off');
    }
    if (status === 401) {
        return make('token-rejected', `GitHub does not accept the token: it ${answered}`, 'token is expired, revoked or cut off; take a fresh one in this very job, for example from actions/create-github-app-token');
    }
    if (status === 403)
        return forbidden(attempt, refusal, fact, make);
    if (status === 404 || (status >= 300 && status < 400))
        return missing(attempt, status, make);
    const full = /limit|maximum|too many/i.test(message);
    return make(attempt.write === 'variable' ? 'variable-write-failed' : 'secret-write-failed', fact, full
        ? `delete ${attempt.write ?? 'secret'}s that nobody uses any more, then run this again`
        : 'check prefix and the named target under Settings → Secrets and variables, then run this again');
}
function forbidden(attempt, refusal, fact, make) {
    const wants = refusal.accepted ? ` and accepts a token with ${refusal.accepted}` : '';
    const permissions = attempt.environment
        ? 'Secrets: write, Variables: write and Environments: write for this target'
        : attempt.where.startsWith('organization ')
            ? 'the organization permissions Secrets: write and Variables: write'
            : 'Secrets: write and Variables: write for this target';
    const app = /integration/i.test(refusal.message);
    return make('token-forbidden', `${fact}${wants}`, app
        ? `give the App ${permissions}, and ask for them when its token is made (docs/permissions.md shows the step); GITHUB_TOKEN can never read or write secrets, whatever \`permissions\` say`
        : `give the token ${permissions}; runs of forks and of Dependabot get no secrets and so no token`);
}
function missing(attempt, status, make) {
    if (status !== 404) {
        return make('target-not-found', `${attempt.where} has moved: GitHub answered ${status}`, 'name it in repository as it is called now; the token is not sent after a redirect');
    }
    if (attempt.environment) {
        return make('environment-not-found', `${attempt.where} was not found with this token: GitHub answered 404`, 'check environment and repository for spelling, and create the environment with its required reviewers under Settings → Environments: this action never does; a token that does not cover the repository gets 404 as well');
    }
    return make('target-not-found', `${attempt.where} was not found with this token: GitHub answered 404`, 'check repository or organization for spelling, and whether the token covers it: a private repository that it does not cover answers 404 as well, and so does everything to a classic token without the scope repo (admin:org for an organization)');
}
/** What GitHub knows of runs. */
function createGitHub(client, run) {
    const [owner, repo] = run.repository.split('/');
    return {
        async approvals() {
            const route = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals';
            const attempt = { what: 'read the approvals', where: `run ${run.id}`, environment: null };
            try {
                const { data } = await client.request(route, { owner, repo, run_id: run.id });
                return listOf(data).map(readApproval);
            }
            catch (error) {
                const problem = explain(error, { ...attempt, write: null });
                if (problem.code !== 'token-forbidden' && problem.code !== 'target-not-found')
                    throw problem;
                throw new domain_problem/* Problem */.AF(problem.code, problem.fact, `public-key-id: from-approval needs a token with Actions: read for ${run.repository}; or pass the Public Key ID itself`);
            }
        },
        async openRuns(repository, before) {
            const [owner, repo] = repository.split('/');
            const created = `<${before.toISOString().slice(0, 19)}Z`;
            const found = [];
            try {
                for (const status of ['queued', 'in_progress', 'waiting', 'pending', 'requested']) {
                    const route = 'GET /repos/{owner}/{repo}/actions/runs';
                    const parameters = { owner, repo, status, created, per_page: 100 };
                    const { data } = await client.request(route, parameters);
                    found.push(...listOf(data?.workflow_runs).map(readRun));
                }
            }
            catch (error) {
                const attempt = { what: 'list the open runs', where: repository, environment: null };
                throw explain(error, { ...attempt, write: null });
            }
            return found;
        },
    };
}
function readApproval(value) {
    const { state, comment, environments } = (value ?? {});
    return {
        state: String(state ?? ''),
        comment: String(comment ?? ''),
        environments: listOf(environments).map((e) => String(e?.name ?? '')),
    };
}
function readRun(value) {
    const run = (value ?? {});
    return {
        url: String(run.html_url ?? ''),
        name: String(run.name ?? ''),
        status: String(run.status ?? ''),
        createdAt: String(run.created_at ?? ''),
    };
}
function listOf(value) {
    return Array.isArray(value) ? value : [];
}

// EXTERNAL MODULE: ./lib/domain/key-record.js
var key_record = __webpack_require__(83241);
// EXTERNAL MODULE: ./lib/domain/slots.js
var slots = __webpack_require__(7045);
;// CONCATENATED MODULE: ./lib/adapters/sealed-box.js

/** Of an X25519 public key. */
const sealingKeyBytes = 32;
const libsodium = () => __webpack_require__.e(/* import() */ 768).then(__webpack_require__.bind(__webpack_require__, 32387));
/** Ahead of sealing, since it takes a while. */
function loadSealing() {
    meanwhile(libsodium);
}
/** libsodium's `crypto_box_seal`, the way that GitHub documents. Loaded when the first key is to be sealed. */
async function seal(name, value, sealingKey, refresh) {
    const { default: sodium } = await libsodium();
    await sodium.ready;
    const recipient = sodium.from_base64(sealingKey.key, sodium.base64_variants.ORIGINAL);
    const box = sodium.crypto_box_seal(value, recipient);
    return {
        name,
        value: sodium.to_base64(box, sodium.base64_variants.ORIGINAL),
        sealingKeyId: sealingKey.keyId,
        reseal: async () => seal(name, value, await refresh(), refresh),
    };
}

;// CONCATENATED MODULE: ./lib/adapters/target.js





/** GitHub allows this many secrets in a repository and in an environment. */
const mostSecrets = 100;
/** Secrets and variables of one place over GitHub's REST API. */
function createTarget(client, place, names) {
    const { path, parameters, where, environment } = addressOf(place);
    const remarks = [];
    let sealingKey = null;
    const access = createAccess(client, place);
    const call = (method, rest, more = {}) => client.request(`${method} ${path}${rest}`, { ...parameters, ...more });
    const attempt = (what, write = null) => ({
        what,
        where,
        environment,
        write,
    });
    const fetchSealingKey = async () => {
        loadSealing();
        try {
            const { data } = await call('GET', '/secrets/public-key');
            const { key_id, key } = members(data);
            if (typeof key_id !== 'string' || typeof key !== 'string')
                throw unreadable();
            if (Buffer.from(key, 'base64').length !== sealingKeyBytes)
                throw unreadable();
            return { keyId: key_id, key };
        }
        catch (error) {
            throw explain(error, attempt('read the sealing key'));
        }
    };
    const getSecret = async (name) => {
        try {
            const { data } = await orNull(call('GET', '/secrets/{secret_name}', { secret_name: name }));
            if (data === null)
                return null;
            if (place.kind === 'organization')
                await access.learn(name, members(data).visibility);
            return storedOf(data);
        }
        catch (error) {
            throw explain(error, attempt(`read secret ${name}`));
        }
    };
    /** Records that were seen: writing them updates, writing others creates, without a request to find out. */
    const seen = new Set();
    const getRecord = async (slot) => {
        const name = names.record[slot];
        try {
            const { data } = await orNull(call('GET', '/variables/{name}', { name }));
            if (data === null)
                return null;
            const { value } = members(data);
            if (typeof value !== 'string')
                throw unreadable();
            seen.add(slot);
            return { ...storedOf(data), record: (0,key_record/* readKeyRecord */.TL)(value, `${name} of ${where}`) };
        }
        catch (error) {
            throw error instanceof domain_problem/* Problem */.AF ? error : explain(error, attempt(`read variable ${name}`));
        }
    };
    /** Repositories and environments hold at most 100 secrets, one page; organizations hold 1,000. */
    const listSecrets = async (wanted) => {
        if (place.kind === 'organization') {
            const found = await Promise.all(wanted.map(async (n) => [n, await getSecret(n)]));
            return new Map(found.filter((entry) => entry[1] !== null));
        }
        try {
            const { data } = await call('GET', '/secrets', { per_page: mostSecrets });
            const { secrets, total_count } = members(data);
            if (!Array.isArray(secrets))
                throw unreadable();
            room = mostSecrets - (typeof total_count === 'number' ? total_count : secrets.length);
            return new Map(secrets.map((secret) => [String(members(secret).name).toUpperCase(), storedOf(secret)]));
        }
        catch (error) {
            throw explain(error, attempt('read secrets'));
        }
    };
    let room = null;
    const lookAtProtection = async () => {
        if (place.kind !== 'environment')
            return;
        remarks.push(...(await protectionRemarks(client, place, where)));
    };
    return {
        name: place.kind === 'organization' ? place.organization : place.repository,
        environment,
        names,
        remarks,
        readableBy(repository) {
            if (place.kind !== 'organization')
                return isSame(place.repository, repository);
            return isSame(place.organization, repository.split('/')[0] ?? '') && access.covers(repository);
        },
        async inspect(options) {
            remarks.length = 0;
            const results = await Promise.allSettled([
                listSecrets([
                    ...options.slots.map((slot) => names.privateKey[slot]),
                    ...(options.publicKeyId ? [names.publicKeyId] : []),
                ]),
                options.sealing ? fetchSealingKey() : null,
                ...slots/* slots */.Q0.map((slot) => (options.slots.includes(slot) ? getRecord(slot) : null)),
                lookAtProtection(),
            ]);
            throwProblems(results);
            const [secrets, key, current, next, previous] = results.map((result) => result.status === 'fulfilled' ? result.value : null);
            sealingKey = key;
            await access.settle(names.privateKey.current, secrets.has(names.privateKey.current));
            const stored = (name) => secrets.get(name) ?? null;
            return {
                privateKey: {
                    current: stored(names.privateKey.current),
                    next: stored(names.privateKey.next),
                    previous: stored(names.privateKey.previous),
                },
                publicKeyId: stored(names.publicKeyId),
                records: { current: current ?? null, next: next ?? null, previous: previous ?? null },
                room,
            };
        },
        async seal(name, value) {
            sealingKey ??= await fetchSealingKey();
            return seal(name, value, sealingKey, async () => {
                sealingKey = await fetchSealingKey();
                return sealingKey;
            });
        },
        async putSecret(secret) {
            const put = (sealed) => call('PUT', '/secrets/{secret_name}', {
                secret_name: sealed.name,
                encrypted_value: sealed.value,
                key_id: sealed.sealingKeyId,
                ...access.of(sealed.name),
            });
            try {
                await put(secret);
            }
            catch (error) {
                const stale = error instanceof GitHubError && error.refusal.status === 422;
                try {
                    if (!stale)
                        throw error;
                    await put(await secret.reseal());
                }
                catch (error) {
                    if (error instanceof domain_problem/* Problem */.AF)
                        throw error;
                    throw explain(error, attempt(`write secret ${secret.name}`, 'secret'));
                }
            }
        },
        async deleteSecret(name) {
            try {
                await orNull(call('DELETE', '/secrets/{secret_name}', { secret_name: name }));
            }
            catch (error) {
                throw explain(error, attempt(`delete secret ${name}`, 'secret'));
            }
        },
        secret: getSecret,
        record: async (slot) => (await getRecord(slot))?.record ?? null,
        async createRecord(slot, record) {
            const name = names.record[slot];
            try {
                await call('POST', '/variables', {
                    name,
                    value: (0,key_record/* writeKeyRecord */.Ic)(record),
                    ...access.of(name),
                });
                return true;
            }
            catch (error) {
                if (error instanceof GitHubError && error.refusal.status === 409)
                    return false;
                throw explain(error, attempt(`write variable ${name}`, 'variable'));
            }
        },
        async saveRecord(slot, record) {
            // A record that appeared since it was looked for is our own, of a try whose answer was lost: the
            // caller compared right before.
            if (!seen.has(slot) && (await this.createRecord(slot, record)))
                return;
            const name = names.record[slot];
            try {
                await call('PATCH', '/variables/{name}', { name, value: (0,key_record/* writeKeyRecord */.Ic)(record) });
            }
            catch (error) {
                const gone = error instanceof GitHubError && error.refusal.status === 404;
                if (gone && (await this.createRecord(slot, record)))
                    return;
                throw explain(error, attempt(`write variable ${name}`, 'variable'));
            }
        },
        async deleteRecord(slot) {
            const name = names.record[slot];
            try {
                await orNull(call('DELETE', '/variables/{name}', { name }));
            }
            catch (error) {
                throw explain(error, attempt(`delete variable ${name}`, 'variable'));
            }
        },
        get serverTime() {
            return client.serverTime;
        },
    };
}
function addressOf(place) {
    if (place.kind === 'organization') {
        const where = `organization ${place.organization}`;
        return {
            path: '/orgs/{org}/actions',
            parameters: { org: place.organization },
            where,
            environment: null,
        };
    }
    const [owner, repo] = place.repository.split('/');
    if (place.kind === 'repository') {
        return {
            path: '/repos/{owner}/{repo}/actions',
            parameters: { owner, repo },
            where: place.repository,
            environment: null,
        };
    }
    return {
        path: '/repos/{owner}/{repo}/environments/{environment_name}',
        parameters: { owner, repo, environment_name: place.environment },
        where: `environment ${place.environment} of ${place.repository}`,
        environment: place.environment,
    };
}
/**
 * Who may read what is written to an organization: what an existing secret has is kept, new ones get what
 * the current private key has. Never widened or narrowed in passing.
 */
function createAccess(client, place) {
    const known = new Map();
    let base = {};
    if (place.kind !== 'organization') {
        return { learn: async () => { }, settle: async () => { }, of: () => base, covers: () => true };
    }
    /** Names of repositories by their ids, as far as they were seen. */
    const names = new Map();
    const org = place.organization;
    const where = `organization ${org}`;
    return {
        async learn(name, visibility) {
            if (visibility !== 'selected') {
                known.set(name, { visibility: visibility === 'all' ? 'all' : 'private' });
                return;
            }
            const ids = [];
            for (let page = 1;; page += 1) {
                const route = 'GET /orgs/{org}/actions/secrets/{secret_name}/repositories';
                const { data } = await client.request(route, {
                    org,
                    secret_name: name,
                    per_page: 100,
                    page,
                });
                const { repositories } = members(data);
                if (!Array.isArray(repositories))
                    throw unreadable();
                for (const repository of repositories.map(members)) {
                    ids.push(Number(repository.id));
                    names.set(Number(repository.id), String(repository.full_name));
                }
                if (repositories.length < 100)
                    break;
            }
            known.set(name, { visibility, selected_repository_ids: ids });
        },
        async settle(currentName, exists) {
            const current = exists ? known.get(currentName) : undefined;
            if (current && place.visibility && place.visibility !== current.visibility) {
                throw differs(`visibility is ${place.visibility}, but secret ${currentName} of ${where} has visibility ${current.visibility}`);
            }
            if (place.visibility !== 'selected') {
                base = current ?? { visibility: place.visibility ?? 'private' };
                return;
            }
            const ids = await Promise.all(place.repositories.map(async (repository) => {
                const id = await repositoryId(client, repository);
                names.set(id, repository);
                return id;
            }));
            if (current && !sameIds(ids, current.selected_repository_ids ?? [])) {
                throw differs(`the repositories in repository are not those that may read secret ${currentName} of ${where}`);
            }
            base = { visibility: 'selected', selected_repository_ids: ids };
        },
        of: (name) => known.get(name) ?? base,
        covers(repository) {
            const ids = base.selected_repository_ids;
            return ids === undefined || ids.some((id) => isSame(names.get(id) ?? '', repository));
        },
    };
}
function differs(fact) {
    return new domain_problem/* Problem */.AF('input-invalid', fact, 'leave visibility empty to keep what is there; to change who may read the key, change it under Settings → Secrets and variables → Actions first');
}
/** GitHub's names do not tell upper from lower case. */
function isSame(one, other) {
    return one.toLowerCase() === other.toLowerCase();
}
function sameIds(a, b) {
    return a.length === b.length && a.every((id) => b.includes(id));
}
async function repositoryId(client, repository) {
    const [owner, repo] = repository.split('/');
    try {
        const { data } = await client.request('GET /repos/{owner}/{repo}', { owner, repo });
        const { id } = members(data);
        if (typeof id !== 'number')
            throw unreadable();
        return id;
    }
    catch (error) {
        throw explain(error, { what: 'look up', where: repository, environment: null, write: null });
    }
}
async function protectionRemarks(client, place, where) {
    const [owner, repo] = place.repository.split('/');
    const hint = 'add required reviewers under Settings → Environments, so that a person releases the job that can read the key';
    try {
        const { data } = await client.request('GET /repos/{owner}/{repo}/environments/{environment_name}', {
            owner,
            repo,
            environment_name: place.environment,
        });
        const rules = members(data).protection_rules;
        if (!Array.isArray(rules))
            throw unreadable();
        return rules.length > 0 ? [] : [{ fact: `${where} has no protection rules`, hint }];
    }
    catch {
        // Only a remark: what decides about the environment is whether its secrets can be reached.
        return [
            {
                fact: `whether ${where} is protected could not be read with this token (it needs Actions: read)`,
                hint,
            },
        ];
    }
}
/**
 * What went wrong, secrets first: they decide whether the place is there at all. One cause fails several
 * reads; it is told once, as what is to be done about it is the same.
 */
function throwProblems(results) {
    const reasons = results.flatMap((r) => (r.status === 'rejected' ? [r.reason] : []));
    const foreign = reasons.find((reason) => !(reason instanceof domain_problem/* Problem */.AF));
    if (foreign)
        throw foreign;
    const [first, ...rest] = reasons.filter(({ code, hint }, index, all) => all.findIndex((other) => other.code === code && other.hint === hint) === index);
    if (first)
        throw new domain_problem/* Problems */.Zw([first, ...rest]);
}
async function orNull(reply) {
    try {
        return { data: (await reply).data ?? {} };
    }
    catch (error) {
        if (error instanceof GitHubError && error.refusal.status === 404)
            return { data: null };
        throw error;
    }
}
function members(data) {
    return typeof data === 'object' && data !== null ? data : {};
}
function storedOf(data) {
    const { created_at, updated_at } = members(data);
    if (typeof created_at !== 'string' || typeof updated_at !== 'string')
        throw unreadable();
    return { createdAt: created_at, updatedAt: updated_at };
}
function unreadable() {
    return new GitHubError(refused(null, 'GitHub gave an answer that cannot be read'));
}

;// CONCATENATED MODULE: ./lib/adapters/network.js
/**
 * Everything that talks to a server, loaded together and only when it is needed: the HTTP client below it is by
 * far the largest part that they share.
 */






/***/ })

};
