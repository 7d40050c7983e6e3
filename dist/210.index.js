export const id = 210;
export const ids = [210];
export const modules = {

/***/ 1210:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  createGitHub: () => (/* reexport */ createGitHub),
  createGitHubClient: () => (/* reexport */ createGitHubClient),
  createTarget: () => (/* reexport */ createTarget),
  getInstallationToken: () => (/* reexport */ getInstallationToken)
});

// EXTERNAL MODULE: ./lib/domain/problem.js
var problem = __webpack_require__(1591);
// EXTERNAL MODULE: ./lib/domain/text.js
var domain_text = __webpack_require__(4621);
// EXTERNAL MODULE: ./node_modules/@actions/github/lib/github.js
var github = __webpack_require__(1351);
// EXTERNAL MODULE: ./node_modules/@actions/github/lib/utils.js + 19 modules
var utils = __webpack_require__(6809);
;// CONCATENATED MODULE: ./lib/adapters/github/bounded-fetch.js

const megabyte = 1_000_000;
/** No answer that this action asks for comes near it; without a bound, one answer could fill the runner's memory. */
const maxAnswerBytes = 10 * megabyte;
/** An answer that is longer than anything GitHub sends. */
class OversizedAnswer extends Error {
    name = 'OversizedAnswer';
    constructor() {
        super(`an answer of more than ${maxAnswerBytes / megabyte} MB`);
    }
}
/** The toolkit's fetch, which honours HTTPS_PROXY and NO_PROXY, for answers of a bounded size. */
async function boundedFetch(url, options) {
    const response = await (utils/* defaults */.NT.request?.fetch ?? fetch)(url, options);
    const bytes = await readBounded(response.body);
    return {
        url: response.url,
        status: response.status,
        headers: response.headers,
        text: async () => new TextDecoder().decode(bytes),
        arrayBuffer: async () => bytes.buffer,
    };
}
/** Counts what was decompressed, not what was sent: a small answer can unpack to a huge one. */
async function readBounded(body) {
    if (body === null)
        return new Uint8Array();
    const chunks = [];
    let length = 0;
    for await (const chunk of body) {
        length += chunk.byteLength;
        // Leaving the loop cancels the stream, and closes the connection.
        if (length > maxAnswerBytes)
            throw new OversizedAnswer();
        chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks));
}

;// CONCATENATED MODULE: ./lib/adapters/github/refusal.js

/** A request that failed for good. */
class GitHubError extends Error {
    name = 'GitHubError';
    refusal;
    constructor(refusal) {
        super(`GitHub: ${refusal.status ?? 'no answer'}`);
        this.refusal = refusal;
    }
}
/** A refusal of which nothing more is known. */
function refused(status, message) {
    return {
        status,
        message,
        accepted: null,
        limited: false,
        limitedUntil: null,
        proxy: false,
        untrusted: false,
        uncertain: false,
        date: null,
    };
}
/** Whether an error is GitHub's answer with this status. */
function hasStatus(error, status) {
    return error instanceof GitHubError && error.refusal.status === status;
}
/** GitHub's own words in a refusal. */
function wordsOf(error) {
    return error instanceof GitHubError ? error.refusal.message : '';
}
/** The answer that Octokit made an error of; null where there was none. */
function answerIn(error) {
    const { response } = (error ?? {});
    return response ?? null;
}
/** What GitHub, or the way to it, gave for one try. */
function refusalOf(error) {
    if (error instanceof GitHubError)
        return error.refusal;
    const answer = answerIn(error);
    return answer ? answered(answer.status, answer.headers, answer.data) : unanswered(causeOf(error));
}
/** Octokit and fetch each wrap what went wrong in an error of their own. */
function causeOf(error) {
    let innermost = error;
    for (let depth = 0; depth < 5; depth += 1) {
        const { cause } = (innermost ?? {});
        if (cause === undefined)
            break;
        innermost = cause;
    }
    return innermost;
}
/** A refusal from an answer's status, headers and body. */
function answered(status, headers, data) {
    const proxy = isWebPage(headers, data) && !isGitHubsOwn(status, headers);
    const said = data?.message;
    const words = typeof said === 'string' ? said.replaceAll(/\s+/g, ' ').trim().slice(0, 300) : '';
    const message = proxy
        ? `a web page came (status ${status}), not an answer from GitHub’s API`
        : words;
    const limited = !proxy && isLimited(status, headers, message);
    return {
        ...refused(status, message),
        accepted: refusal_text(headers['x-accepted-github-permissions'])?.slice(0, 200) ?? null,
        limited,
        limitedUntil: limited ? limitEnd(headers) : null,
        proxy,
        uncertain: isUnclear(status),
        date: dateOf(headers),
    };
}
/** Whether a try with this status may have had its effect. */
function isUnclear(status) {
    return status < 300 || status === 408 || status >= 500;
}
function dateOf(headers) {
    return pointInTime(Date.parse(refusal_text(headers.date) ?? ''));
}
/** HTML, by its type or, where a proxy names none, by its first character. */
function isWebPage(headers, data) {
    const type = refusal_text(headers['content-type']) ?? '';
    return /^text\/html\b/i.test(type) || (typeof data === 'string' && /^\s*</.test(data));
}
/** GitHub's own outage page is a web page too, and carries a request id. */
function isGitHubsOwn(status, headers) {
    return status >= 500 && headers['x-github-request-id'] !== undefined;
}
function isLimited(status, headers, message) {
    if (status === 429)
        return true;
    if (status !== 403)
        return false;
    return (headers['retry-after'] !== undefined ||
        refusal_text(headers['x-ratelimit-remaining']) === '0' ||
        /rate limit|abuse/i.test(message));
}
/** Null for a time that is further away than a Date can say. */
function pointInTime(milliseconds) {
    const date = new Date(milliseconds);
    return Number.isNaN(date.getTime()) ? null : date;
}
function limitEnd(headers) {
    const pause = pauseOf(headers);
    const now = dateOf(headers);
    return pause === null || now === null ? null : pointInTime(now.getTime() + pause);
}
/** Milliseconds until GitHub takes requests again: `retry-after`, else `x-ratelimit-reset`; null without either. */
function pauseOf(headers) {
    const after = Number(refusal_text(headers['retry-after']) ?? Number.NaN);
    if (Number.isFinite(after))
        return Math.max(0, after * 1000);
    const reset = Number(refusal_text(headers['x-ratelimit-reset']) ?? Number.NaN);
    const now = dateOf(headers);
    const exhausted = refusal_text(headers['x-ratelimit-remaining']) === '0';
    if (!exhausted || !Number.isFinite(reset) || now === null)
        return null;
    return Math.max(0, reset * 1000 - now.getTime());
}
const unnamedPause = 60_000;
/**
 * Milliseconds that GitHub wants to pass before the same request is sent again, on top of the back-off; null when
 * sending it again would not help.
 */
function pauseBeforeRetry(error, { status, limited, proxy }) {
    if (proxy || error instanceof GitHubError)
        return null;
    if (causeOf(error) instanceof OversizedAnswer)
        return null;
    const pause = pauseOf(answerIn(error)?.headers ?? {});
    if (limited)
        return pause ?? unnamedPause;
    return status === null || status === 408 || status >= 500 ? (pause ?? 0) : null;
}
/** Why there was no answer, in words; the codes are those of Node.js and OpenSSL. */
function unanswered(cause) {
    if (cause instanceof OversizedAnswer) {
        return { ...refused(null, `GitHub’s address sent ${cause.message}`), uncertain: true };
    }
    const { code, name, message: words } = (cause ?? {});
    // The words of undici for a proxy that wants a password, or refuses the address.
    if (/^Proxy response \(4\d\d\)/.test(String(words))) {
        return { ...refused(null, 'a proxy did not let the request through'), proxy: true };
    }
    const known = typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : null;
    const untrusted = known !== null && /CERT|SIGNATURE|SELF_SIGNED/.test(known);
    const because = known ?? (name === 'TimeoutError' ? 'no answer in time' : null);
    const message = untrusted
        ? `the certificate of GitHub’s address is not trusted (${known})`
        : `GitHub did not answer${because === null ? '' : ` (${because})`}`;
    return { ...refused(null, message), untrusted, uncertain: !untrusted };
}
function refusal_text(value) {
    return value === undefined ? undefined : String(value);
}

;// CONCATENATED MODULE: ./lib/adapters/github/json.js

/** The members of a JSON object; none of anything else. */
function members(data) {
    return typeof data === 'object' && data !== null ? data : {};
}
/** Throws unless an answer has the list that GitHub documents. */
function listOf(data) {
    if (!Array.isArray(data))
        throw unexpected();
    return data;
}
/** Throws unless an answer has the text that GitHub documents. */
function textOf(data) {
    if (typeof data !== 'string')
        throw unexpected();
    return data;
}
/** An answer that is not what GitHub documents. */
function unexpected() {
    return new GitHubError(refused(null, 'the answer does not have the format that GitHub documents'));
}

;// CONCATENATED MODULE: ./lib/adapters/github/retry.js

const firstBackOff = 1000;
/**
 * Sends a request until it is answered, or until sending it again would not help.
 * @throws GitHubError
 */
async function retried(request, options) {
    const { clock, deadline, retries = 3 } = options;
    let last = refused(null, '');
    let uncertain = false;
    for (let tries = 1; !deadline.signal.aborted; tries += 1) {
        try {
            return await request.send();
        }
        catch (error) {
            last = refusalOf(error);
            uncertain ||= last.uncertain;
            const wanted = pauseBeforeRetry(error, last);
            if (wanted === null || tries > retries || !isWorthwhile(wanted, last, request, options))
                break;
            if (wanted > 0)
                request.reportPause(wanted);
            await clock.sleep(wanted + firstBackOff * 2 ** (tries - 1) * (1 + Math.random()));
        }
    }
    const isOver = deadline.signal.aborted && last.status === null;
    const message = isOver ? 'the time of this step was over' : last.message;
    throw new GitHubError({ ...last, message, uncertain });
}
/** A pause that outlasts the step is not begun. A rate limit means that nothing has happened yet. */
function isWorthwhile(pause, { limited }, { repeatable }, { clock, deadline }) {
    return (repeatable || limited) && clock.now().getTime() + pause < deadline.at.getTime();
}

;// CONCATENATED MODULE: ./lib/adapters/github/client.js






/** The API version that these requests were written for. */
const apiVersion = '2022-11-28';
const requestTimeout = 10_000;
const pageSize = 100;
const maxPages = 100;
/**
 * Octokit with the retries of this action. The ready-made plugins do not fit: plugin-retry repeats a 409, which is an
 * answer here (the lock is a variable that can be created once), and plugin-throttling pauses between the two secrets
 * of one pair, which must be written back to back.
 */
function createGitHubClient(options) {
    const transport = createTransport(options);
    const reportPause = createPauseReporter(options);
    const request = async (route, parameters = {}, repeatable = true) => {
        const line = describeRequest(route, parameters);
        const send = () => transport.send(route, parameters, line);
        return retried({ send, repeatable, reportPause }, options);
    };
    return {
        seen: transport.seen,
        request,
        list: (route, parameters, member, pages = maxPages) => readPages(request, route, parameters, member, pages),
    };
}
/** Requests that run at the same time meet the same limit: it is reported once. */
function createPauseReporter({ clock, tell }) {
    let reportedUntil = 0;
    return (pause) => {
        const until = clock.now().getTime() + pause;
        if (until - reportedUntil < 1000)
            return;
        reportedUntil = until;
        tell(`GitHub asks for a pause of ${Math.ceil(pause / 1000)} seconds`);
    };
}
async function readPages(request, route, parameters, member, pages) {
    const items = [];
    for (let page = 1; page <= pages; page += 1) {
        const { data } = await request(route, { ...parameters, per_page: pageSize, page });
        const { [member]: found, total_count: total } = members(data);
        const onThisPage = listOf(found);
        items.push(...onThisPage);
        if (onThisPage.length < pageSize || items.length === total)
            return { items, complete: true };
    }
    return { items, complete: false };
}
/** Sends single requests, and remembers what the answers say of GitHub's clock and limits. */
function createTransport(options) {
    const { debug, deadline } = options;
    const octokit = createOctokit(options);
    const seen = {
        serverTime: null,
        writes: 0,
        remaining: null,
    };
    const learn = (headers) => {
        seen.serverTime = dateOf(headers) ?? seen.serverTime;
        seen.remaining = remainingOf(headers) ?? seen.remaining;
    };
    return {
        seen,
        async send(route, parameters, line) {
            if (isWrite(route))
                seen.writes += 1;
            debug(`GitHub: ${line}`);
            try {
                const timeout = AbortSignal.timeout(options.requestTimeout ?? requestTimeout);
                const { status, data, headers } = await octokit.request(route, {
                    ...parameters,
                    headers: { 'x-github-api-version': apiVersion },
                    request: { signal: AbortSignal.any([timeout, deadline.signal]) },
                });
                learn(headers);
                debug(`GitHub: ${line}: ${describeAnswer(status, headers)}`);
                return usable(status, headers, data);
            }
            catch (error) {
                if (error instanceof GitHubError)
                    throw error;
                const answer = answerIn(error);
                if (answer)
                    learn(answer.headers);
                const outcome = answer
                    ? describeAnswer(answer.status, answer.headers)
                    : refusalOf(error).message;
                debug(`GitHub: ${line}: ${outcome}`);
                throw error;
            }
        },
    };
}
function createOctokit({ token, apiUrl }) {
    const silent = () => { };
    return (0,github/* getOctokit */.Q)(token, {
        baseUrl: apiUrl,
        userAgent: 'amazon-pay-keys',
        log: { debug: silent, info: silent, warn: silent, error: silent },
        request: {
            fetch: boundedFetch,
            // A redirect could lead the token, or a sealed key, to another address than the one that was named.
            redirect: 'manual',
            // Octokit warns here of what GitHub calls deprecated, on a stream of its own.
            log: { warn: silent },
        },
    });
}
/** What can be used of an answer that Octokit took for a success. */
function usable(status, headers, data) {
    if (status >= 300)
        throw new GitHubError(refused(status, ''));
    if (isWebPage(headers, data))
        throw new GitHubError(answered(status, headers, data));
    // Octokit leaves a body as text that is not JSON. GitHub sends none such.
    if (typeof data === 'string' && data !== '')
        throw unexpected();
    return { status, data };
}
/** Requests that GitHub counts among those that create content, and wants to be paced. */
function isWrite(route) {
    return !route.startsWith('GET ') && /\/(secrets|variables)\b/.test(route);
}
function remainingOf(headers) {
    const requests = Number(headers['x-ratelimit-remaining'] ?? Number.NaN);
    const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN);
    const resetAt = pointInTime(reset * 1000);
    return Number.isSafeInteger(requests) && resetAt ? { requests, resetAt } : null;
}
/** Method and path; never the query or the body. */
function describeRequest(route, parameters) {
    return (0,domain_text/* onOneLine */.GJ)(route.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(parameters[name] ?? ''))));
}
function describeAnswer(status, headers) {
    const id = String(headers['x-github-request-id'] ?? '');
    return `${status}, request ${/^[\w:.-]{1,100}$/.test(id) ? id : 'without id'}`;
}

;// CONCATENATED MODULE: ./lib/adapters/github/errors.js



/** What GitHub's refusal means for a person, and what to do next. What is not a refusal is thrown on. */
function explain(error, attempt) {
    if (error instanceof problem/* Problem */.AF)
        return error;
    if (!(error instanceof GitHubError))
        throw error;
    const { refusal } = error;
    const explanation = unavailable(refusal) ?? refusedByStatus(refusal, attempt) ?? otherwise(refusal, attempt);
    return new problem/* Problem */.AF(explanation.code, explanation.fact ?? `could not ${attempt.what} of ${attempt.where}: ${answerOf(refusal)}`, explanation.hint, { uncertain: attempt.write !== undefined && refusal.uncertain });
}
/** “GitHub answered 403 “Resource not accessible by integration””. */
function answerOf({ status, message, proxy }) {
    if (status === null || proxy)
        return message;
    const said = (0,domain_text/* onOneLine */.GJ)(message);
    return `GitHub answered ${status}${said && ` “${said}”`}`;
}
/** GitHub did not decide: another time, or another way to it, may give another answer. */
function unavailable(refusal) {
    const code = 'github-unavailable';
    const { status, limitedUntil } = refusal;
    if (refusal.proxy) {
        return {
            code,
            hint: 'a proxy between the runner and GitHub probably answered: check HTTPS_PROXY and NO_PROXY, and whether the proxy lets GITHUB_API_URL through without a login page',
        };
    }
    if (refusal.limited) {
        const when = limitedUntil
            ? `wait until ${limitedUntil.toISOString().slice(0, 19)}Z`
            : 'wait for some minutes, after an hourly limit for up to an hour';
        return {
            code,
            hint: `this token has reached GitHub’s rate limit: ${when}, then run this again`,
        };
    }
    if (refusal.untrusted) {
        return {
            code,
            hint: 'if a proxy or GitHub Enterprise Server has a certificate of your own authority, set NODE_EXTRA_CA_CERTS to its file on the runner',
        };
    }
    if (status === null || status === 408 || status >= 500) {
        return {
            code,
            hint: 'check GitHub’s status (githubstatus.com) and the runner’s network and proxy, then run this again: it continues where it was interrupted',
        };
    }
    return null;
}
function refusedByStatus(refusal, attempt) {
    const { status } = refusal;
    if (status === 401) {
        return {
            code: 'token-rejected',
            fact: `GitHub does not accept the token: ${answerOf(refusal)}`,
            hint: 'the token is expired, revoked or truncated: pass app-client-id and app-private-key, so that this action gets a token itself, or a new token',
        };
    }
    if (status === 403)
        return forbidden(refusal, attempt);
    if (status === 404)
        return missing(refusal, attempt);
    if (status === 410 || status === 451) {
        return {
            code: 'target-not-found',
            fact: `${attempt.where} is not available: ${answerOf(refusal)}`,
            hint: status === 451
                ? 'GitHub has blocked it for legal reasons: its owner finds the reason in GitHub’s mail; leave it out until then'
                : 'it was removed, or the feature is switched off there: correct the inputs repository, environment and organization',
        };
    }
    if (status !== null && status >= 300 && status < 400) {
        return {
            code: 'target-not-found',
            fact: `${attempt.where} has moved: ${answerOf(refusal)}`,
            hint: 'write its present name in repository or organization; the token is never sent to the address of a redirect',
        };
    }
    return null;
}
function otherwise(refusal, attempt) {
    if (attempt.write === undefined) {
        return {
            code: 'github-unavailable',
            hint: 'this action does not expect such an answer: run it again; if it happens again, check GITHUB_API_URL and what is between the runner and GitHub',
        };
    }
    const isFull = /limit|maximum|too many/i.test(refusal.message);
    return {
        code: attempt.write === 'variable' ? 'variable-write-failed' : 'secret-write-failed',
        hint: isFull
            ? `delete ${attempt.write}s that are not used any more, then run this again`
            : 'check prefix, and the target under Settings → Secrets and variables → Actions, then run this again',
    };
}
/** Refusals that have nothing to do with permissions, by GitHub's own words. */
const refusalsByWords = [
    [
        /SAML|single sign-on/i,
        'the organization requires SAML single sign-on: authorize this token for it (Settings → Developer settings → Personal access tokens → Configure SSO), or pass app-client-id and app-private-key, which need no authorization',
    ],
    [
        /IP allow list|IP address/i,
        'the organization has an IP allow list: run the job on a runner whose address is on it, or have an owner add the address under Settings → Authentication security',
    ],
    [
        /lifetime/i,
        'the organization limits the lifetime of tokens: make a token that expires sooner, or pass app-client-id and app-private-key',
    ],
    [
        /forbids access via|OAuth App access restrictions/i,
        'the organization does not accept this kind of token: pass app-client-id and app-private-key, or have an owner allow it under Settings → Third-party Access',
    ],
    [
        /archived/i,
        'the repository is archived, so nothing in it can be changed: unarchive it under Settings → General, or remove it from repository',
    ],
    [
        /installation has been suspended/i,
        'the installation of the GitHub App is suspended: unsuspend it under Settings → GitHub Apps',
    ],
    [
        /account (was|is|has been) (suspended|flagged)/i,
        'the account of this token is suspended: pass a token of another account, or app-client-id and app-private-key',
    ],
    [
        /access blocked|repository .*(disabled|blocked)/i,
        'GitHub has blocked access to this repository: its owner finds the reason on the repository’s page',
    ],
];
function forbidden(refusal, attempt) {
    const code = 'token-forbidden';
    const byWords = refusalsByWords.find(([words]) => words.test(refusal.message));
    if (byWords)
        return { code, hint: byWords[1] };
    const fact = `could not ${attempt.what} of ${attempt.where}: ${answerOf(refusal)}`;
    const accepted = refusal.accepted ? ` and accepts ${(0,domain_text/* onOneLine */.GJ)(refusal.accepted)}` : '';
    const isApp = /by integration/i.test(refusal.message);
    const permissions = permissionsOf(attempt);
    return {
        code,
        fact: `${fact}${accepted}`,
        hint: isApp
            ? `give the GitHub App ${permissions}; GITHUB_TOKEN can never read or write secrets, whatever \`permissions\` say`
            : `give the token ${permissions}; runs from forks and of Dependabot receive no secrets`,
    };
}
/** In GitHub's words for its settings pages. */
function permissionsOf({ kind = 'repository', write, needs }) {
    if (needs)
        return `the repository permission ${needs}`;
    const level = write === undefined ? 'read' : 'read and write';
    return {
        repository: `the repository permissions Secrets and Variables: ${level}`,
        environment: `the repository permissions Secrets, Variables and Environments: ${level}`,
        organization: `the organization permissions Secrets and Variables: ${level}`,
    }[kind];
}
function missing(refusal, { where, kind }) {
    const fact = `${where} was not found with this token: ${answerOf(refusal)}`;
    if (kind === 'environment') {
        return {
            code: 'environment-not-found',
            fact,
            hint: 'check the spelling of environment and repository; create the environment under Settings → Environments, since this action never does; a token that does not cover the repository gets 404 as well',
        };
    }
    return {
        code: 'target-not-found',
        fact,
        hint: kind === 'organization'
            ? 'check the spelling of organization, and that the token covers it: without access GitHub answers 404 as well, also to a classic token without the scope admin:org'
            : 'check the spelling of repository, and that the token covers it: without access to a private repository GitHub answers 404 as well, also to a classic token without the scope repo',
    };
}

;// CONCATENATED MODULE: ./lib/adapters/github/location.js

function locate(client, spec) {
    const { path, parameters } = routeOf(spec);
    const { kind } = spec;
    const label = labelOf(spec);
    return {
        name: kind === 'organization' ? spec.organization : spec.repository,
        environment: kind === 'environment' ? spec.environment : null,
        label,
        kind,
        call: (method, rest, more = {}) => client.request(`${method} ${path}${rest}`, { ...parameters, ...more }),
        attempt: (what, write) => ({ what, where: label, kind, ...(write && { write }) }),
    };
}
function routeOf(spec) {
    if (spec.kind === 'organization') {
        return { path: '/orgs/{org}/actions', parameters: { org: spec.organization } };
    }
    const parameters = ownerAndName(spec.repository);
    if (spec.kind === 'repository')
        return { path: '/repos/{owner}/{repo}/actions', parameters };
    return {
        path: '/repos/{owner}/{repo}/environments/{environment_name}',
        parameters: { ...parameters, environment_name: spec.environment },
    };
}
function labelOf(spec) {
    if (spec.kind === 'organization')
        return `organization ${spec.organization}`;
    if (spec.kind === 'repository')
        return spec.repository;
    return `environment ${spec.environment} of ${spec.repository}`;
}
/** `acme/shop` as the parameters of a route. */
function ownerAndName(repository) {
    const [owner = '', repo = ''] = repository.split('/');
    return { owner, repo };
}
/** GitHub's names do not tell upper from lower case. */
function isSameName(one, other) {
    return one.toLowerCase() === other.toLowerCase();
}
/** The answer's data; null when GitHub answers 404. */
async function orNull(reply) {
    try {
        return (await reply).data;
    }
    catch (error) {
        if (hasStatus(error, 404))
            return null;
        throw error;
    }
}

// EXTERNAL MODULE: ./lib/adapters/github/permissions.js
var github_permissions = __webpack_require__(8902);
;// CONCATENATED MODULE: ./lib/adapters/github/installation.js





/**
 * The installation that covers a repository, or an account. Null where there is none.
 * @throws GitHubError
 */
async function findInstallation(app, owner, repositories) {
    const [first] = repositories;
    if (first !== undefined)
        return installationOn(app, first);
    return ((await lookUp(app, 'GET /orgs/{org}/installation', { org: owner })) ??
        (await installationOfAccount(app, owner)));
}
function installationOn(app, repository) {
    return lookUp(app, 'GET /repos/{owner}/{repo}/installation', ownerAndName(repository));
}
/** Of a user or of an organization: this endpoint knows both. */
function installationOfAccount(app, owner) {
    return lookUp(app, 'GET /users/{username}/installation', { username: owner });
}
async function lookUp(app, route, parameters) {
    try {
        const { data } = await app.request(route, parameters);
        return installationOf(data);
    }
    catch (error) {
        if (hasStatus(error, 404) && !isUnknownApp(error))
            return null;
        throw error;
    }
}
/** GitHub's words for a JWT whose issuer is no App; it answers 404 as for an App that is not installed. */
function isUnknownApp(error) {
    return hasStatus(error, 404) && /integration not found/i.test(wordsOf(error));
}
function installationOf(data) {
    const { id, suspended_at: suspendedAt, permissions, html_url: page } = members(data);
    if (typeof id !== 'number')
        throw unexpected();
    return {
        id,
        suspended: typeof suspendedAt === 'string',
        permissions: typeof permissions === 'object' && permissions !== null ? members(permissions) : null,
        page: linkOf(page),
    };
}
/** Only for the hint of a problem: without an answer there are no links. */
async function readAppPages(app) {
    try {
        const { slug, html_url, owner } = members((await app.request('GET /app')).data);
        const page = linkOf(html_url);
        if (page === null || typeof slug !== 'string')
            return noPages;
        const { login, type } = members(owner);
        const folder = type === 'Organization' ? `/organizations/${login}/settings` : '/settings';
        const settings = `${new URL(page).origin}${folder}/apps/${encodeURIComponent(slug)}`;
        return { install: `${page}/installations/new`, permissions: `${settings}/permissions` };
    }
    catch {
        return noPages;
    }
}
const noPages = { install: null, permissions: null };
/** An address that can be printed and clicked. */
function linkOf(value) {
    return typeof value === 'string' && /^https?:\/\/[\w.:[\]-]+\/[\w./-]*$/.test(value)
        ? value
        : null;
}
/** Which of the permissions an installation does not have at the level that is needed. */
function missingFrom(installation, wanted) {
    const { permissions } = installation;
    if (permissions === null)
        return [];
    return namesOf(wanted).filter(
    // Every App has it, and GitHub does not always list it.
    (name) => name !== 'metadata' && rank(permissions[name]) < rank(wanted[name]));
}
function namesOf(permissions) {
    return Object.keys(github_permissions/* permissionTitles */.V).filter((name) => permissions[name]);
}
function rank(level) {
    return ['read', 'write', 'admin'].indexOf(String(level));
}
/** “Secrets (repository): read and write, Actions (repository): read”. */
function titlesOf(names, wanted) {
    const words = { read: 'read', write: 'read and write' };
    return names
        .map((name) => `${github_permissions/* permissionTitles */.V[name]}: ${words[wanted[name] ?? 'read']}`)
        .join(', ');
}
function notInstalled(owner, { install }) {
    return new problem/* Problem */.AF('app-not-installed', `the GitHub App of app-client-id is not installed on ${owner}`, `install it at ${install ?? 'the page of the App, under Install App'}, on ${owner}, for the target repositories`);
}
function repositoryMissing(repositories, { page }) {
    const which = repositories.length === 0 ? 'one of the target repositories' : repositories.join(', ');
    return new problem/* Problem */.AF('app-not-installed', `the installation of the GitHub App does not cover ${which}`, `check the spelling of repository, and select it under Repository access at ${settingsOf(page)}`);
}
function suspendedInstallation(owner, { page }) {
    return new problem/* Problem */.AF('app-not-installed', `the installation of the GitHub App on ${owner} is suspended`, `unsuspend it at ${settingsOf(page)}`);
}
function lacking(titles, owner, pages, { page }) {
    return new problem/* Problem */.AF('token-forbidden', `the GitHub App lacks permissions on ${owner}: ${titles}`, `give the App these permissions at ${pages.permissions ?? 'its settings under Permissions & events'}, then accept them at ${settingsOf(page)}`);
}
function settingsOf(page) {
    return page ?? 'the account’s Settings → GitHub Apps → Configure';
}

;// CONCATENATED MODULE: ./lib/adapters/github/app-token.js








/**
 * A token of a GitHub App's installation, for exactly these repositories and permissions.
 * @throws Problem `token-rejected`, `app-not-installed`, `token-forbidden`
 */
async function getInstallationToken(options) {
    const app = createGitHubClient({ ...options, token: await createJwt(options) });
    try {
        const installation = await installationFor(app, options);
        const granted = await choosePermissions(app, installation, options);
        const token = await createToken(app, installation, granted.permissions, options);
        return { token, ...granted, revoke: () => revoke(token, options) };
    }
    catch (error) {
        const what = 'get a token for the GitHub App’s installation';
        throw rejected(error, options) ?? explain(error, { what, where: options.owner });
    }
}
/** GitHub accepts ten minutes from `iat`, and refuses an `iat` in its future: clocks may differ by a minute. */
async function createJwt({ clientId, pem, clock }) {
    const { default: githubAppJwt } = await __webpack_require__.e(/* import() */ 438).then(__webpack_require__.bind(__webpack_require__, 2438));
    // The library sets `iat` 30 seconds before `now`, and `exp` ten minutes after `iat`.
    const now = Math.floor(clock.now().getTime() / 1000) - 30;
    return (await githubAppJwt({ id: clientId, privateKey: pem, now })).token;
}
async function installationFor(app, { owner, repositories }) {
    const installation = await findInstallation(app, owner, repositories);
    if (installation?.suspended)
        throw suspendedInstallation(owner, installation);
    if (installation)
        return installation;
    const ofAccount = repositories.length > 0 ? await installationOfAccount(app, owner) : null;
    if (ofAccount === null)
        throw notInstalled(owner, await readAppPages(app));
    throw await uncovered(app, ofAccount, repositories);
}
/** Names the repositories that an installation does not cover. */
async function uncovered(app, installation, repositories) {
    const missing = [];
    for (const repository of repositories) {
        if ((await installationOn(app, repository)) === null)
            missing.push(repository);
    }
    return repositoryMissing(missing, installation);
}
async function choosePermissions(app, installation, { permissions, optional, owner }) {
    const missing = missingFrom(installation, permissions);
    if (missing.length > 0) {
        const pages = await readAppPages(app);
        throw lacking(titlesOf(missing, permissions), owner, pages, installation);
    }
    const without = missingFrom(installation, optional);
    const granted = namesOf(optional).filter((name) => !without.includes(name));
    return {
        permissions: { ...permissions, ...only(granted, optional), ...readOnly(without, installation) },
        remarks: without.map((name) => remarkOn(name, optional, installation)),
    };
}
function only(names, of) {
    return Object.fromEntries(names.map((name) => [name, of[name]]));
}
/** Where writing is wanted and reading is granted, reading is asked for. */
function readOnly(names, installation) {
    const readable = names.filter((name) => missingFrom(installation, { [name]: 'read' }).length === 0);
    return Object.fromEntries(readable.map((name) => [name, 'read']));
}
function remarkOn(name, wanted, { page }) {
    const title = titlesOf([name], wanted);
    const loss = wanted[name] === 'write'
        ? 'so redeploy cannot start a workflow'
        : 'so protection rules of environments and open runs are not checked';
    return {
        fact: `the GitHub App lacks the permission ${title}, ${loss}`,
        hint: `add it to the App under Permissions & events, then accept it at ${settingsOf(page)}`,
    };
}
async function createToken(app, installation, permissions, { owner, repositories, permissions: required }) {
    try {
        const { data } = await app.request('POST /app/installations/{installation_id}/access_tokens', {
            installation_id: installation.id,
            permissions,
            ...(repositories.length > 0
                ? { repositories: repositories.map((repository) => ownerAndName(repository).repo) }
                : {}),
        });
        return textOf(members(data).token);
    }
    catch (error) {
        if (hasStatus(error, 404))
            throw notInstalled(owner, await readAppPages(app));
        if (isSuspension(error))
            throw suspendedInstallation(owner, installation);
        if (!hasStatus(error, 422))
            throw error;
        if (/repositor/i.test(wordsOf(error)))
            throw await uncovered(app, installation, repositories);
        const titles = titlesOf(namesOf(required), required);
        throw lacking(titles, owner, await readAppPages(app), installation);
    }
}
function isSuspension(error) {
    return hasStatus(error, 403) && /suspended/i.test(wordsOf(error));
}
const maxSkew = 60_000;
/** What is wrong with the JWT; null when GitHub accepted it. */
function rejected(error, { clientId, clock }) {
    if (isUnknownApp(error)) {
        return new problem/* Problem */.AF('token-rejected', `GitHub knows no App with the app-client-id ${(0,domain_text/* quoted */.TL)(clientId)}`, 'copy the Client ID from the page of the App (Settings → Developer settings → GitHub Apps)');
    }
    if (!(error instanceof GitHubError) || error.refusal.status !== 401)
        return null;
    const { message, date } = error.refusal;
    const answer = `GitHub answered 401${message && ` “${message}”`}`;
    const skew = date === null ? 0 : date.getTime() - clock.now().getTime();
    if (Math.abs(skew) > maxSkew) {
        const seconds = Math.round(Math.abs(skew) / 1000);
        return new problem/* Problem */.AF('token-rejected', `the runner’s clock is ${seconds} seconds ${skew > 0 ? 'behind' : 'ahead of'} GitHub’s, so GitHub does not accept what the App signs: ${answer}`, 'set the runner’s clock (for example by NTP), then run this again');
    }
    return new problem/* Problem */.AF('token-rejected', `GitHub does not accept app-private-key as a key of the App of app-client-id: ${answer}`, 'compare both with the page of the App: the Client ID under About, the key’s fingerprint under Private keys; generate a new private key there if in doubt');
}
const revocationTimeout = 5000;
/** One try of its own: the step may have used up its time, and its signal may have fired. */
async function revoke(token, options) {
    const at = new Date(options.clock.now().getTime() + revocationTimeout);
    const client = createGitHubClient({
        ...options,
        token,
        deadline: { signal: new AbortController().signal, at },
        retries: 0,
        requestTimeout: revocationTimeout,
    });
    try {
        await client.request('DELETE /installation/token');
    }
    catch (error) {
        if (!(error instanceof GitHubError))
            throw error;
        options.debug('GitHub: the token was not revoked; it expires within the hour');
    }
}

;// CONCATENATED MODULE: ./lib/adapters/github/runs.js





/** What most requests of this file need, in GitHub's words. */
const reading = 'Actions: read';
/** Every status of a run that is not completed. */
const openStatuses = ['queued', 'in_progress', 'waiting', 'pending', 'requested'];
/** GitHub shows no more than the first 1,000 runs of a search. */
const maxRunPages = 10;
/** What GitHub knows of runs and workflows, and of its own clock and limits. */
function createGitHub(client, run, lacksActions = false) {
    return {
        lacksActions,
        get serverTime() {
            return client.seen.serverTime;
        },
        get writes() {
            return client.seen.writes;
        },
        get remaining() {
            return client.seen.remaining;
        },
        approvals: () => readApprovals(client, run),
        openRuns: (repository, before) => readOpenRuns(client, repository, before),
        assertDispatchable: (repository, workflow) => assertDispatchable(client, repository, workflow),
        dispatch: (repository, workflow) => dispatch(client, run, repository, workflow),
    };
}
async function readApprovals(client, run) {
    const attempt = { what: 'read the approvals', where: `run ${run.id}`, needs: reading };
    try {
        const { data } = await client.request('GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals', { ...ownerAndName(run.repository), run_id: run.id });
        return listOf(data).map(approvalOf);
    }
    catch (error) {
        const problem = explain(error, attempt);
        if (problem.code !== 'token-forbidden' && problem.code !== 'target-not-found')
            throw problem;
        throw problem.extend({
            hint: `public-key-id: from-approval needs a token with Actions: read for ${run.repository}; or pass the Public Key ID itself`,
        });
    }
}
function approvalOf(value) {
    const { state, comment, environments } = members(value);
    return {
        state: textOf(state),
        comment: typeof comment === 'string' ? comment : '',
        environments: listOf(environments).map((environment) => textOf(members(environment).name)),
    };
}
async function readOpenRuns(client, repository, before) {
    const created = `<${before.toISOString().slice(0, 19)}Z`;
    const route = 'GET /repos/{owner}/{repo}/actions/runs';
    const found = [];
    try {
        for (const status of openStatuses) {
            const parameters = { ...ownerAndName(repository), status, created };
            const { items } = await client.list(route, parameters, 'workflow_runs', maxRunPages);
            found.push(...items.map(openRunOf));
        }
    }
    catch (error) {
        throw explain(error, { what: 'list the open runs', where: repository, needs: reading });
    }
    return found;
}
function openRunOf(value) {
    const { html_url: url, name, status, created_at: createdAt } = members(value);
    return {
        url: textOf(url),
        name: typeof name === 'string' ? name : '',
        status: textOf(status),
        createdAt: textOf(createdAt),
    };
}
async function assertDispatchable(client, repository, workflow) {
    try {
        const { data } = await client.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}', { ...ownerAndName(repository), workflow_id: workflow });
        const { state } = members(data);
        if (typeof state !== 'string')
            throw unexpected();
        if (state === 'active')
            return;
    }
    catch (error) {
        if (hasStatus(error, 404))
            throw noWorkflow(repository, workflow);
        throw explain(error, { what: `read workflow ${workflow}`, where: repository, needs: reading });
    }
    throw new problem/* Problem */.AF('input-invalid', `workflow ${workflow} of ${repository} is disabled`, 'enable it on its page under Actions, or remove redeploy');
}
/** Not sent again when the answer is lost: the workflow would run twice. */
async function dispatch(client, run, repository, workflow) {
    const needs = 'Actions: read and write';
    const attempt = { what: `start workflow ${workflow}`, where: repository, needs };
    const names = ownerAndName(repository);
    const page = `${originOf(run.url)}/${repository}/actions/workflows/${encodeURIComponent(workflow)}`;
    try {
        const { data } = await client.request('GET /repos/{owner}/{repo}', names);
        const ref = textOf(members(data).default_branch);
        const answer = await client.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', { ...names, workflow_id: workflow, ref }, false);
        return startedRun(answer.data, page) ?? page;
    }
    catch (error) {
        if (hasStatus(error, 404))
            throw noWorkflow(repository, workflow);
        const problem = explain(error, attempt);
        throw hasStatus(error, 422) ? notDispatchable(problem, error, workflow) : problem;
    }
}
/** The page of the run itself, where GitHub names it and it is on the same server. */
function startedRun(data, page) {
    const { html_url: url } = members(data);
    return typeof url === 'string' && url.startsWith(`${originOf(page)}/`) ? url : null;
}
function originOf(url) {
    return URL.canParse(url) ? new URL(url).origin : 'https://github.com';
}
function notDispatchable(problem, error, workflow) {
    const hint = /input/i.test(wordsOf(error))
        ? `give every required input under on: workflow_dispatch of ${workflow} a default value`
        : `add on: workflow_dispatch to ${workflow} on the default branch, or name another workflow in redeploy`;
    return problem.extend({ code: 'input-invalid', hint });
}
function noWorkflow(repository, workflow) {
    return new problem/* Problem */.AF('input-invalid', `workflow ${workflow} was not found in ${repository} with this token: GitHub answered 404`, 'write in redeploy the file name of a workflow on the default branch, such as deploy.yml, and check that the token covers the repository');
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./lib/adapters/github/sealed-box.js



const sealingKeyBytes = 32;
/**
 * The sealing key in GitHub's answer. What is sealed for a weak key can be opened by others, so one is refused.
 * @throws GitHubError
 */
function readSealingKey(data) {
    const { key_id: keyId, key } = members(data);
    if (typeof keyId !== 'string' || keyId === '' || typeof key !== 'string') {
        throw unusable('has no key, or no key_id');
    }
    const bytes = Buffer.from(key, 'base64');
    if (bytes.toString('base64') !== key)
        throw unusable('is not canonical base64');
    if (bytes.length !== sealingKeyBytes) {
        throw unusable(`has ${bytes.length} bytes instead of ${sealingKeyBytes}`);
    }
    if (hasLowOrder(bytes))
        throw unusable('is a weak X25519 key (all zero, or of low order)');
    return { keyId, key };
}
/** RFC 7748 §6.1: with a point of low order the shared secret is all zero, which OpenSSL refuses. */
function hasLowOrder(bytes) {
    const { privateKey } = (0,external_node_crypto_.generateKeyPairSync)('x25519');
    const x = bytes.toString('base64url');
    try {
        const publicKey = (0,external_node_crypto_.createPublicKey)({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x } });
        (0,external_node_crypto_.diffieHellman)({ privateKey, publicKey });
        return false;
    }
    catch {
        return true;
    }
}
function unusable(what) {
    return new GitHubError(refused(null, `the sealing key that GitHub’s address sent ${what}`));
}
/**
 * libsodium's `crypto_box_seal`, as GitHub documents it. Loaded when the first secret is to be sealed.
 * @param refresh fetches the sealing key anew
 */
async function seal(name, value, sealingKey, refresh) {
    const { default: sodium } = await __webpack_require__.e(/* import() */ 768).then(__webpack_require__.bind(__webpack_require__, 4768));
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

;// CONCATENATED MODULE: ./lib/adapters/github/secrets.js





/** How many secrets GitHub takes at each level. */
const maxSecrets = { repository: 100, environment: 100, organization: 1000 };
/** Secrets of one target over GitHub's REST API. */
function createSecrets(location, visibilities) {
    const sealing = createSealing(location);
    const get = async (name) => orNull(location.call('GET', '/secrets/{secret_name}', { secret_name: name }));
    return {
        find: (names) => location.kind === 'organization'
            ? findByName(location, names, async (name) => {
                const data = await get(name);
                if (data === null)
                    visibilities.forget(name);
                else
                    await visibilities.learn(name, members(data).visibility);
                return data;
            })
            : findInList(location, names, get),
        async get(name) {
            try {
                const data = await get(name);
                return data === null ? null : storedOf(data);
            }
            catch (error) {
                throw explain(error, location.attempt(`read secret ${name}`));
            }
        },
        seal: sealing.seal,
        put: (secret) => putSecret(location, secret, visibilities.of(secret.name)),
        async delete(name) {
            try {
                await orNull(location.call('DELETE', '/secrets/{secret_name}', { secret_name: name }));
            }
            catch (error) {
                throw explain(error, location.attempt(`delete secret ${name}`, 'secret'));
            }
        },
    };
}
/** The list decides whether the repository or the environment exists: a single secret that is missing answers 404 too. */
async function findInList(location, names, read) {
    try {
        const { data } = await location.call('GET', '/secrets', { per_page: 100 });
        const { secrets, total_count: total } = members(data);
        const list = listOf(secrets);
        const listed = list.map((secret) => [textOf(members(secret).name).toUpperCase(), storedOf(secret)]);
        // A server that takes more secrets than one page shows.
        const isWhole = typeof total !== 'number' || total <= list.length;
        const others = isWhole ? [] : await readByName(names, read);
        return {
            stored: new Map([...listed, ...others]),
            room: roomAfter(location, total, list.length),
        };
    }
    catch (error) {
        throw explain(error, location.attempt('read secrets'));
    }
}
async function readByName(names, read) {
    const found = await Promise.all(names.map(async (name) => [name, await read(name)]));
    return found.flatMap(([name, data]) => (data === null ? [] : [[name, storedOf(data)]]));
}
/** An organization may have a thousand secrets, and only the answer about a single one names its visibility. */
async function findByName(location, names, read) {
    try {
        const [{ data }, stored] = await Promise.all([
            // As for repositories: the list decides whether the organization exists.
            location.call('GET', '/secrets', { per_page: 1 }),
            readByName(names, read),
        ]);
        return { stored: new Map(stored), room: roomAfter(location, members(data).total_count, null) };
    }
    catch (error) {
        throw explain(error, location.attempt('read secrets'));
    }
}
function roomAfter({ kind }, total, listed) {
    const count = typeof total === 'number' ? total : listed;
    return count === null ? null : Math.max(0, maxSecrets[kind] - count);
}
async function putSecret(location, secret, access) {
    const put = (sealed) => location.call('PUT', '/secrets/{secret_name}', {
        secret_name: sealed.name,
        encrypted_value: sealed.value,
        key_id: sealed.sealingKeyId,
        ...access,
    });
    try {
        try {
            await put(secret);
        }
        catch (error) {
            // GitHub’s answer when the sealing key is not its own any more.
            if (!hasStatus(error, 422))
                throw error;
            await put(await secret.reseal());
        }
    }
    catch (error) {
        throw explain(error, location.attempt(`write secret ${secret.name}`, 'secret'));
    }
}
/** Seals with the target's key, which is fetched once, and again when GitHub does not know it any more. */
function createSealing(location) {
    let sealingKey = null;
    const fetchKey = async () => {
        try {
            const { data } = await location.call('GET', '/secrets/public-key');
            return readSealingKey(data);
        }
        catch (error) {
            throw explain(error, location.attempt('read the sealing key'));
        }
    };
    const refresh = () => {
        const fetched = fetchKey();
        sealingKey = fetched;
        // A failure is not kept: the next secret asks again.
        fetched.catch(() => {
            sealingKey = null;
        });
        return fetched;
    };
    return {
        seal: async (name, value) => seal(name, value, await (sealingKey ?? refresh()), refresh),
    };
}
/** When GitHub stored something. */
function storedOf(data) {
    const { created_at: createdAt, updated_at: updatedAt } = members(data);
    return { createdAt: textOf(createdAt), updatedAt: textOf(updatedAt) };
}

;// CONCATENATED MODULE: ./lib/adapters/github/variables.js






/** Variables of one target over GitHub's REST API. */
function createVariables(location, visibilities) {
    /** Variables that exist: they are updated, others are created, without a request to find out. */
    const seen = new Set();
    const get = async (name) => {
        try {
            const data = await orNull(location.call('GET', '/variables/{name}', { name }));
            if (data === null) {
                seen.delete(name);
                return null;
            }
            seen.add(name);
            return { ...storedOf(data), value: textOf(members(data).value) };
        }
        catch (error) {
            throw explain(error, location.attempt(`read variable ${name}`));
        }
    };
    const post = async (name, value) => {
        await location.call('POST', '/variables', { name, value, ...visibilities.of(name) });
        seen.add(name);
    };
    const patch = async (name, value) => {
        await location.call('PATCH', '/variables/{name}', { name, value });
        seen.add(name);
    };
    return {
        get,
        async create(name, value) {
            try {
                await post(name, value);
                return true;
            }
            catch (error) {
                if (!hasStatus(error, 409))
                    throw explain(error, location.attempt(`create variable ${name}`, 'variable'));
                return isOwn(error, value, () => get(name));
            }
        },
        async save(name, value) {
            const [first, second, switched] = seen.has(name) ? [patch, post, 404] : [post, patch, 409];
            try {
                try {
                    await first(name, value);
                }
                catch (error) {
                    // It was deleted, or created, since it was looked for.
                    if (!hasStatus(error, switched))
                        throw error;
                    await second(name, value);
                }
            }
            catch (error) {
                throw explain(error, location.attempt(`write variable ${name}`, 'variable'));
            }
        },
        async delete(name) {
            try {
                await orNull(location.call('DELETE', '/variables/{name}', { name }));
                seen.delete(name);
            }
            catch (error) {
                throw explain(error, location.attempt(`delete variable ${name}`, 'variable'));
            }
        },
    };
}
/**
 * After a 409: whether the variable is the one that an earlier try created, whose answer was lost. Values are compared,
 * so that is known only of values that nothing else writes, such as a lock's.
 */
async function isOwn(conflict, value, read) {
    if (!(conflict instanceof GitHubError) || !conflict.refusal.uncertain)
        return false;
    try {
        return (await read())?.value === value;
    }
    catch (error) {
        if (!(error instanceof problem/* Problem */.AF))
            throw error;
        throw new problem/* Problem */.AF(error.code, error.fact, error.hint, { uncertain: true });
    }
}

;// CONCATENATED MODULE: ./lib/adapters/github/visibility.js





function createVisibilities(client, spec) {
    if (spec.kind === 'organization')
        return ofOrganization(client, spec);
    return {
        learn: async () => { },
        forget: () => { },
        settle: async () => { },
        of: () => ({}),
        covers: (repository) => isSameName(spec.repository, repository),
    };
}
/**
 * What an existing secret has is kept; new secrets and records get what the current private key has. Neither is widened
 * or narrowed in passing.
 */
function ofOrganization(client, spec) {
    const known = new Map();
    /** Names of repositories by their ids, as far as they were seen. */
    const names = new Map();
    let settled = { visibility: 'private' };
    let lock = null;
    return {
        async learn(name, visibility) {
            if (visibility === 'all' || visibility === 'private')
                known.set(name, { visibility });
            else if (visibility !== 'selected')
                throw unexpected();
            else {
                const selected = await selectedRepositories(client, spec.organization, name);
                for (const [id, repository] of selected)
                    names.set(id, repository);
                known.set(name, { visibility, selected_repository_ids: selected.map(([id]) => id) });
            }
        },
        forget(name) {
            known.delete(name);
        },
        async settle({ current, lock: lockName }) {
            lock = lockName;
            const access = known.get(current) ?? null;
            const wanted = await accessOf(client, spec);
            for (const [id, repository] of wanted.selected)
                names.set(id, repository);
            if (access)
                assertSame(access, wanted.access, spec, current);
            settled = access ?? wanted.access ?? { visibility: 'private' };
        },
        // Only this action reads the lock, and by a token: nothing is gained by showing it to more workflows.
        of: (name) => (name === lock ? { visibility: 'private' } : (known.get(name) ?? settled)),
        covers(repository) {
            if (!isSameName(spec.organization, ownerAndName(repository).owner))
                return false;
            const ids = settled.selected_repository_ids;
            return ids === undefined || ids.some((id) => isSameName(names.get(id) ?? '', repository));
        },
    };
}
async function selectedRepositories(client, org, secret) {
    const route = 'GET /orgs/{org}/actions/secrets/{secret_name}/repositories';
    const { items, complete } = await client.list(route, { org, secret_name: secret }, 'repositories');
    // An incomplete list would take the key away from the repositories that are missing in it.
    if (!complete) {
        throw new GitHubError(refused(null, `the list of repositories that may read secret ${secret} does not end`));
    }
    return items.map((item) => {
        const { id, full_name: name } = members(item);
        return [idOf(id), textOf(name)];
    });
}
/** What the input visibility asks for; null when it is empty. */
async function accessOf(client, spec) {
    const { visibility } = spec;
    if (visibility !== 'selected') {
        return { access: visibility === null ? null : { visibility }, selected: [] };
    }
    const selected = await Promise.all(spec.repositories.map(async (repository) => [await repositoryId(client, repository), repository]));
    return { access: { visibility, selected_repository_ids: selected.map(([id]) => id) }, selected };
}
function assertSame(access, wanted, { organization }, secret) {
    if (wanted === null)
        return;
    const of = `secret ${secret} of organization ${organization}`;
    if (wanted.visibility !== access.visibility) {
        throw differs(`visibility is ${wanted.visibility}, but ${of} has visibility ${access.visibility}`);
    }
    const ids = access.selected_repository_ids ?? [];
    const wantedIds = wanted.selected_repository_ids ?? [];
    if (ids.length !== wantedIds.length || !ids.every((id) => wantedIds.includes(id))) {
        throw differs(`repository does not name the same repositories that may read ${of}`);
    }
}
function differs(fact) {
    return new problem/* Problem */.AF('input-invalid', fact, 'leave visibility empty to keep what the secret has; to change who may read the key, change the secret first, under Settings → Secrets and variables → Actions');
}
async function repositoryId(client, repository) {
    try {
        const { data } = await client.request('GET /repos/{owner}/{repo}', ownerAndName(repository));
        return idOf(members(data).id);
    }
    catch (error) {
        throw explain(error, { what: 'read the id', where: repository });
    }
}
function idOf(value) {
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
        throw unexpected();
    return value;
}

;// CONCATENATED MODULE: ./lib/adapters/github/target.js







/** Secrets and variables of a repository, one of its environments, or an organization. */
function createTarget(client, spec) {
    const location = locate(client, spec);
    const visibilities = createVisibilities(client, spec);
    const secrets = createSecrets(location, visibilities);
    const variables = createVariables(location, visibilities);
    let remarks = [];
    return {
        name: location.name,
        environment: location.environment,
        label: location.label,
        readableBy: visibilities.covers,
        get remarks() {
            return remarks;
        },
        async inspect(names) {
            const seen = await inspect({ location, secrets, variables, visibilities }, names);
            remarks = seen.remarks;
            return seen.state;
        },
        seal: secrets.seal,
        putSecret: secrets.put,
        deleteSecret: secrets.delete,
        secret: secrets.get,
        variable: variables.get,
        createVariable: variables.create,
        saveVariable: variables.save,
        deleteVariable: variables.delete,
    };
}
/** Everything that belongs to a prefix. */
async function inspect({ location, secrets, variables, visibilities }, { privateKey, publicKeyId, record, lock }) {
    const wanted = [privateKey.current, privateKey.next, privateKey.previous, publicKeyId];
    const reads = [
        // First, since its problems are shown first: it decides whether the target exists at all.
        secrets.find(wanted),
        variables.get(record.current),
        variables.get(record.next),
        variables.get(record.previous),
        variables.get(lock),
        protectionRemarks(location),
    ];
    throwProblems(await Promise.allSettled(reads));
    const [{ stored, room }, current, next, previous, lockVariable, remarks] = await Promise.all(reads);
    await visibilities.settle({ current: privateKey.current, lock });
    return {
        state: {
            privateKey: {
                current: stored.get(privateKey.current) ?? null,
                next: stored.get(privateKey.next) ?? null,
                previous: stored.get(privateKey.previous) ?? null,
            },
            publicKeyId: stored.get(publicKeyId) ?? null,
            records: { current, next, previous },
            lock: lockVariable,
            room,
        },
        remarks,
    };
}
/** One cause fails several reads; it is shown once, since what is to be done about it is the same. */
function throwProblems(results) {
    const reasons = results.flatMap((result) => result.status === 'rejected' ? [result.reason] : []);
    const defect = reasons.find((reason) => !(reason instanceof problem/* Problem */.AF));
    if (defect !== undefined)
        throw defect;
    const problems = reasons.filter((reason) => reason instanceof problem/* Problem */.AF);
    (0,problem/* throwAll */.Kx)(problems.filter(({ code, hint }, index) => problems.findIndex((other) => other.code === code && other.hint === hint) === index));
}
/** Whether a person must approve the jobs that receive an environment's secrets. */
async function protectionRemarks({ kind, label, call }) {
    if (kind !== 'environment')
        return [];
    try {
        const { data } = await call('GET', '');
        if (listOf(members(data).protection_rules).length > 0)
            return [];
        return [
            {
                fact: `${label} has no protection rules`,
                hint: 'add required reviewers under Settings → Environments, so that a person approves each job that can read the key',
            },
        ];
    }
    catch (error) {
        if (!(error instanceof GitHubError))
            throw error;
        // Only a remark: the secrets' own answers decide whether the target can be used.
        return [
            {
                fact: `this token cannot read whether ${label} has protection rules`,
                hint: 'give the token Actions: read, or check under Settings → Environments that the environment has required reviewers',
            },
        ];
    }
}

;// CONCATENATED MODULE: ./lib/adapters/github/index.js
/** Everything that this action asks of GitHub, loaded together, and only by steps that need it. */






/***/ })

};
