"use strict";
exports.id = 837;
exports.ids = [837];
exports.modules = {

/***/ 1837:
/***/ ((__unused_webpack_module, __webpack_exports__, __webpack_require__) => {

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
var problem = __webpack_require__(8230);
// EXTERNAL MODULE: ./lib/domain/text.js
var domain_text = __webpack_require__(8750);
// EXTERNAL MODULE: ./lib/node_modules/@actions/github/lib/github.js
var github = __webpack_require__(3495);
// EXTERNAL MODULE: ./lib/node_modules/@actions/github/lib/utils.js + 19 modules
var utils = __webpack_require__(7414);
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
        retryAfter: null,
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
    return answer ? refusalIn(answer) : unanswered(causeOf(error));
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
/** The refusal that an answer means. */
function refusalIn(answer) {
    const { status, headers, data } = answer;
    const proxy = isWebPage(answer) && !isGitHubsOwn(status, headers);
    const said = data?.message;
    const words = typeof said === 'string' ? said.replaceAll(/\s+/g, ' ').trim().slice(0, 300) : '';
    const message = proxy
        ? `a web page came (status ${status}), not an answer from GitHub’s API`
        : words;
    const limited = !proxy && isLimited(status, headers, message);
    const date = dateOf(headers);
    const pause = pauseOf(headers, date);
    const failing = !proxy && (status === 408 || status >= 500);
    return {
        ...refused(status, message),
        accepted: refusal_text(headers, 'x-accepted-github-permissions')?.slice(0, 200) ?? null,
        limited,
        limitedUntil: limited && pause !== null && date ? pointInTime(date.getTime() + pause) : null,
        retryAfter: limited ? (pause ?? unnamedPause) : failing ? (pause ?? 0) : null,
        proxy,
        // Whether a try with this status may have had its effect.
        uncertain: status < 300 || status === 408 || status >= 500,
        date,
    };
}
function dateOf(headers) {
    return pointInTime(Date.parse(refusal_text(headers, 'date') ?? ''));
}
/** HTML, by its type or, where a proxy names none, by its first character. */
function isWebPage({ headers, data }) {
    const type = refusal_text(headers, 'content-type') ?? '';
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
        numberIn(headers, 'x-ratelimit-remaining') === 0 ||
        /rate limit|abuse/i.test(message));
}
/** Null for a time that is further away than a Date can say. */
function pointInTime(milliseconds) {
    const date = new Date(milliseconds);
    return Number.isNaN(date.getTime()) ? null : date;
}
const unnamedPause = 60_000;
/** Milliseconds until GitHub takes requests again: `retry-after`, else `x-ratelimit-reset`; null without either. */
function pauseOf(headers, now) {
    const after = numberIn(headers, 'retry-after');
    if (Number.isFinite(after))
        return Math.max(0, after * 1000);
    const reset = numberIn(headers, 'x-ratelimit-reset');
    const exhausted = numberIn(headers, 'x-ratelimit-remaining') === 0;
    if (!exhausted || !Number.isFinite(reset) || now === null)
        return null;
    return Math.max(0, reset * 1000 - now.getTime());
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
    return { ...refused(null, message), retryAfter: 0, untrusted, uncertain: !untrusted };
}
function refusal_text(headers, name) {
    const value = headers[name];
    return value === undefined ? undefined : String(value);
}
/** NaN without such a header. */
function numberIn(headers, name) {
    return Number(headers[name] ?? Number.NaN);
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
async function retried(send, { clock, deadline, retries = 3, repeatable, reportPause }) {
    let last = refused(null, '');
    let uncertain = false;
    for (let tries = 1; !deadline.signal.aborted; tries += 1) {
        try {
            return await send();
        }
        catch (error) {
            last = refusalOf(error);
            uncertain ||= last.uncertain;
            const pause = last.retryAfter;
            // A rate limit means that nothing has happened yet.
            const mayRepeat = repeatable || last.limited;
            // A pause that outlasts the step is not begun.
            const isTimeLeft = clock.now().getTime() + (pause ?? 0) < deadline.at.getTime();
            if (pause === null || tries > retries || !mayRepeat || !isTimeLeft)
                break;
            if (pause > 0)
                reportPause(pause);
            await clock.sleep(pause + firstBackOff * 2 ** (tries - 1) * (1 + Math.random()));
        }
    }
    const isOver = deadline.signal.aborted && last.status === null;
    const message = isOver ? 'the time of this step was over' : last.message;
    throw new GitHubError({ ...last, message, uncertain });
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
    const seen = { serverTime: null, writes: 0, remaining: null };
    const send = createSender(options, seen);
    const reportPause = createPauseReporter(options);
    const request = (route, parameters = {}, repeatable = true) => retried(() => send(route, parameters), { ...options, repeatable, reportPause });
    return {
        serverUrl: options.serverUrl,
        seen,
        request,
        async list(route, parameters, member, pages = maxPages) {
            const items = [];
            for (let page = 1; page <= pages; page += 1) {
                const data = await request(route, { ...parameters, per_page: pageSize, page });
                const { [member]: found, total_count: total } = members(data);
                const onThisPage = listOf(found);
                items.push(...onThisPage);
                if (onThisPage.length < pageSize || items.length === total)
                    return { items, complete: true };
            }
            return { items, complete: false };
        },
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
/** Sends single requests, and remembers what the answers say of GitHub's clock and limits. */
function createSender(options, seen) {
    const octokit = createOctokit(options);
    return async (route, parameters) => {
        const line = `GitHub: ${describeRequest(route, parameters)}`;
        const learn = ({ status, headers }) => {
            seen.serverTime = dateOf(headers) ?? seen.serverTime;
            seen.remaining = remainingOf(headers) ?? seen.remaining;
            options.debug(`${line}: ${describeAnswer(status, headers)}`);
        };
        if (isWrite(route))
            seen.writes += 1;
        options.debug(line);
        const timeout = AbortSignal.timeout(options.requestTimeout ?? requestTimeout);
        try {
            const answer = await octokit.request(route, {
                ...parameters,
                headers: { 'x-github-api-version': apiVersion },
                request: { signal: AbortSignal.any([timeout, options.deadline.signal]) },
            });
            learn(answer);
            return usable(answer);
        }
        catch (error) {
            const answer = answerIn(error);
            if (answer)
                learn(answer);
            else if (!(error instanceof GitHubError))
                options.debug(`${line}: ${refusalOf(error).message}`);
            throw error;
        }
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
/** The data of an answer that Octokit took for a success. */
function usable(answer) {
    const { status, data } = answer;
    if (status >= 300)
        throw new GitHubError(refused(status, ''));
    if (isWebPage(answer))
        throw new GitHubError(refusalIn(answer));
    // Octokit leaves a body as text that is not JSON. GitHub sends none such.
    if (typeof data === 'string' && data !== '')
        throw unexpected();
    return data;
}
/** Requests that GitHub counts among those that create content, and wants to be paced. */
function isWrite(route) {
    return !route.startsWith('GET ') && /\/(secrets|variables)\b/.test(route);
}
function remainingOf(headers) {
    const requests = numberIn(headers, 'x-ratelimit-remaining');
    const resetAt = pointInTime(numberIn(headers, 'x-ratelimit-reset') * 1000);
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



/**
 * Does the work of an attempt.
 * @throws Problem what GitHub's refusal means
 */
async function attempt(tried, work) {
    try {
        return await work();
    }
    catch (error) {
        throw explain(error, tried);
    }
}
/** What GitHub's refusal means for a person, and what to do next. What is not a refusal is thrown on. */
function explain(error, attempt) {
    if (error instanceof problem/* Problem */.AF)
        return error;
    if (!(error instanceof GitHubError))
        throw error;
    const { refusal } = error;
    const { code, fact, hint } = unavailable(refusal) ?? refusedByStatus(refusal, attempt) ?? otherwise(refusal, attempt);
    return new problem/* Problem */.AF(code, fact ?? failed(refusal, attempt), hint, {
        uncertain: attempt.write !== undefined && refusal.uncertain,
    });
}
function failed(refusal, { what, where }) {
    return `could not ${what} of ${where}: ${answerOf(refusal)}`;
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
    const hint = unavailableHint(refusal);
    return hint === null ? null : { code: 'github-unavailable', hint };
}
function unavailableHint(refusal) {
    const { status, limitedUntil } = refusal;
    if (refusal.proxy) {
        return 'a proxy between the runner and GitHub probably answered: check HTTPS_PROXY and NO_PROXY, and whether the proxy lets GITHUB_API_URL through without a login page';
    }
    if (refusal.limited) {
        const when = limitedUntil
            ? `wait until ${limitedUntil.toISOString().slice(0, 19)}Z`
            : 'wait a few minutes (up to an hour if it is an hourly limit)';
        return `this token has reached GitHub’s rate limit: ${when}, then run the same command again`;
    }
    if (refusal.untrusted) {
        return 'if your proxy or GitHub Enterprise Server uses a private certificate authority, set NODE_EXTRA_CA_CERTS on the runner to the file with its certificate';
    }
    if (status === null || status === 408 || status >= 500) {
        return 'check GitHub’s status (githubstatus.com) and the runner’s network and proxy, then run the same command again: it continues where it was interrupted';
    }
    return null;
}
function refusedByStatus(refusal, attempt) {
    const { status } = refusal;
    const answer = answerOf(refusal);
    if (status === 401) {
        return {
            code: 'token-rejected',
            fact: `GitHub does not accept the token: ${answer}`,
            hint: 'the token is expired, revoked or truncated: pass app-client-id and app-private-key, so that this action gets a token itself, or a new token',
        };
    }
    if (status === 403)
        return forbidden(refusal, attempt);
    if (status === 404)
        return missing(refusal, attempt);
    if (status === 410) {
        return {
            code: 'target-not-found',
            fact: `${attempt.where} is not available: ${answer}`,
            hint: 'it was removed, or the feature is switched off there: correct the inputs repository, environment and organization',
        };
    }
    if (status === 451) {
        return {
            code: 'target-not-found',
            fact: `${attempt.where} is not available: ${answer}`,
            hint: 'GitHub has blocked it for legal reasons, which it has emailed to the owner; remove it from the inputs until it is available again',
        };
    }
    if (status !== null && status >= 300 && status < 400) {
        return {
            code: 'target-not-found',
            fact: `${attempt.where} has moved: ${answer}`,
            hint: 'set repository or organization to its new name (this action does not follow redirects with a token)',
        };
    }
    return null;
}
function otherwise(refusal, attempt) {
    if (attempt.write === undefined) {
        return {
            code: 'github-unavailable',
            hint: 'this answer is unexpected: run the same command again; if it happens again, check GITHUB_API_URL and any proxy between the runner and GitHub',
        };
    }
    const isFull = /limit|maximum|too many/i.test(refusal.message);
    return {
        code: attempt.write === 'variable' ? 'variable-write-failed' : 'secret-write-failed',
        hint: isFull
            ? `delete ${attempt.write}s that are not used any more, then run the same command again`
            : 'check prefix, and the target under Settings → Secrets and variables → Actions, then run the same command again',
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
        'the organization limits the lifetime of tokens: create a token that expires sooner, or pass app-client-id and app-private-key',
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
    const accepted = refusal.accepted ? ` and accepts ${(0,domain_text/* onOneLine */.GJ)(refusal.accepted)}` : '';
    const permissions = permissionsOf(attempt);
    const { forms } = attempt;
    const newApp = forms ? `; to register an App, use this pre-filled form: ${forms.app}` : '';
    const newToken = forms ? `, or create a new one (pre-filled form: ${forms.token})` : '';
    return {
        code,
        fact: `${failed(refusal, attempt)}${accepted}`,
        hint: /by integration/i.test(refusal.message)
            ? `give the GitHub App ${permissions}; GITHUB_TOKEN can never read or write secrets, whatever \`permissions\` say${newApp}`
            : `give the token ${permissions}${newToken}; runs from forks and of Dependabot receive no secrets`,
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
function missing(refusal, { where, kind = 'repository' }) {
    const hint = {
        repository: 'check the spelling of repository, and that the token covers it: without access to a private repository, GitHub also answers 404 (a classic token needs the scope repo)',
        environment: 'check the spelling of environment and repository; create the environment under Settings → Environments, since this action never does; GitHub also answers 404 if the token does not cover the repository',
        organization: 'check the spelling of organization, and that the token covers it: without access, GitHub also answers 404 (a classic token needs the scope admin:org)',
    }[kind];
    return {
        code: kind === 'environment' ? 'environment-not-found' : 'target-not-found',
        fact: `${where} was not found with this token: ${answerOf(refusal)}`,
        hint,
    };
}

// EXTERNAL MODULE: ./lib/adapters/github/forms.js
var github_forms = __webpack_require__(118);
;// CONCATENATED MODULE: ./lib/adapters/github/location.js



function locate(client, spec) {
    const { path, parameters } = routeOf(spec);
    const { kind } = spec;
    const label = labelOf(spec);
    const forms = (0,github_forms/* formsFor */.D)([spec], { server: client.serverUrl });
    return {
        name: kind === 'organization' ? spec.organization : spec.repository,
        environment: kind === 'environment' ? spec.environment : null,
        label,
        kind,
        call: (method, rest, more) => client.request(`${method} ${path}${rest}`, { ...parameters, ...more }),
        attempt: (what, work, write) => attempt({ what, where: label, kind, write, forms }, work),
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
async function orNull(data) {
    try {
        return await data;
    }
    catch (error) {
        if (hasStatus(error, 404))
            return null;
        throw error;
    }
}

// EXTERNAL MODULE: ./lib/adapters/github/permissions.js
var github_permissions = __webpack_require__(4173);
;// CONCATENATED MODULE: ./lib/adapters/github/installation.js





/**
 * The installation that covers these repositories of an account; none: the account itself.
 * @throws GitHubError
 * @throws Problem `app-not-installed`
 */
async function findInstallation(app, owner, repositories) {
    const [first] = repositories;
    const found = first
        ? await installationOn(app, first)
        : await lookUp(app, 'GET /orgs/{org}/installation', { org: owner });
    if (found?.isSuspended)
        throw suspended(owner, found);
    if (found)
        return found;
    // Of a user or of an organization: this endpoint knows both.
    const ofAccount = await lookUp(app, 'GET /users/{username}/installation', { username: owner });
    if (ofAccount === null)
        throw await notInstalled(app, owner);
    if (ofAccount.isSuspended)
        throw suspended(owner, ofAccount);
    if (!first)
        return ofAccount;
    throw await uncovered(app, ofAccount, repositories);
}
function installationOn(app, repository) {
    return lookUp(app, 'GET /repos/{owner}/{repo}/installation', ownerAndName(repository));
}
async function lookUp(app, route, parameters) {
    try {
        return installationOf(await app.request(route, parameters));
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
        isSuspended: typeof suspendedAt === 'string',
        permissions: typeof permissions === 'object' && permissions !== null ? members(permissions) : null,
        settings: linkOf(page) ?? 'the account’s Settings → GitHub Apps → Configure',
    };
}
/** Where an App is installed on another account, and where its permissions are set. */
async function readAppPages(app) {
    try {
        const { slug, html_url, owner } = members(await app.request('GET /app'));
        const page = linkOf(html_url);
        if (page !== null && typeof slug === 'string') {
            const settings = `${new URL(page).origin}${folderOf(owner)}/settings/apps/${encodeURIComponent(slug)}`;
            return { install: `${page}/installations/new`, permissions: `${settings}/permissions` };
        }
    }
    catch {
        // Only for the hint of a problem: without an answer there are no links.
    }
    return {
        install: 'the page of the App, under Install App',
        permissions: 'its settings under Permissions & events',
    };
}
/** Below which path the settings of an App's owner are. */
function folderOf(owner) {
    const { login, type, slug } = members(owner);
    // Only an enterprise has a slug.
    if (typeof slug === 'string')
        return `/enterprises/${encodeURIComponent(slug)}`;
    return type === 'Organization' ? `/organizations/${login}` : '';
}
/** An address that can be printed and clicked. */
function linkOf(value) {
    return typeof value === 'string' && /^https?:\/\/[\w.:[\]-]+\/[\w./-]*$/.test(value)
        ? value
        : null;
}
async function notInstalled(app, owner) {
    const { install } = await readAppPages(app);
    return new problem/* Problem */.AF('app-not-installed', `the GitHub App that app-client-id names is not installed on ${owner}`, `install it at ${install}, on ${owner}, for the target repositories`);
}
/** Names the repositories that an installation does not cover. */
async function uncovered(app, { settings }, repositories) {
    const missing = [];
    for (const repository of repositories) {
        if ((await installationOn(app, repository)) === null)
            missing.push(repository);
    }
    return new problem/* Problem */.AF('app-not-installed', `the installation of the GitHub App does not cover ${missing.join(', ') || 'one of the target repositories'}`, `check the spelling of repository, and select it under Repository access at ${settings}`);
}
function suspended(owner, { settings }) {
    return new problem/* Problem */.AF('app-not-installed', `the installation of the GitHub App on ${owner} is suspended`, `unsuspend it at ${settings}`);
}
async function lacking(app, owner, permissions, { settings }) {
    const pages = await readAppPages(app);
    return new problem/* Problem */.AF('token-forbidden', `the GitHub App lacks permissions on ${owner}: ${(0,github_permissions/* titlesOf */.B7)(permissions)}`, `give the App these permissions at ${pages.permissions}, then accept them at ${settings}`);
}

;// CONCATENATED MODULE: ./lib/adapters/github/app-token.js









/**
 * A token of a GitHub App's installation, for exactly these repositories and permissions.
 * @throws Problem `token-rejected`, `app-not-installed`, `token-forbidden`
 */
async function getInstallationToken(options) {
    const { owner, repositories } = options;
    const app = createGitHubClient({ ...options, token: await createJwt(options) });
    try {
        const installation = await findInstallation(app, owner, repositories);
        const granted = await choosePermissions(app, installation, options);
        const token = await createToken(app, installation, granted.permissions, options);
        return { token, ...granted, revoke: () => revoke(token, options) };
    }
    catch (error) {
        const what = 'get a token for the GitHub App’s installation';
        throw rejected(error, options) ?? explain(error, { what, where: owner });
    }
}
/** GitHub accepts ten minutes from `iat`, and refuses an `iat` in its future: clocks may differ by a minute. */
async function createJwt({ clientId, pem, clock }) {
    const { default: githubAppJwt } = await __webpack_require__.e(/* import() */ 438).then(__webpack_require__.bind(__webpack_require__, 2438));
    // The library sets `iat` 30 seconds before `now`, and `exp` ten minutes after `iat`.
    const now = Math.floor(clock.now().getTime() / 1000) - 30;
    return (await githubAppJwt({ id: clientId, privateKey: pem, now })).token;
}
async function choosePermissions(app, installation, { permissions, optional, owner }) {
    const everything = { ...permissions, ...optional };
    const granted = installation.permissions ?? everything;
    const missing = (0,github_permissions/* missingFrom */.fY)(granted, permissions);
    if (Object.keys(missing).length > 0)
        throw await lacking(app, owner, missing, installation);
    const { actions: lacks } = (0,github_permissions/* missingFrom */.fY)(granted, optional);
    if (!lacks)
        return { permissions: everything, remarks: [] };
    // Where writing is wanted and reading is granted, reading is asked for.
    const canRead = lacks === 'write' && !(0,github_permissions/* missingFrom */.fY)(granted, { actions: 'read' }).actions;
    return {
        permissions: { ...permissions, ...(canRead && { actions: 'read' }) },
        remarks: [
            {
                fact: `the GitHub App lacks the permission ${(0,github_permissions/* titlesOf */.B7)({ actions: lacks })}, ${lost[lacks]}`,
                hint: `add it to the App under Permissions & events, then accept it at ${installation.settings}`,
            },
        ],
    };
}
const lost = {
    read: 'so protection rules of environments and open runs are not checked',
    write: 'so redeploy cannot start a workflow',
};
async function createToken(app, installation, permissions, { owner, repositories, permissions: required }) {
    const names = repositories.map((repository) => ownerAndName(repository).repo);
    try {
        const data = await app.request('POST /app/installations/{installation_id}/access_tokens', {
            installation_id: installation.id,
            permissions,
            ...(names.length > 0 && { repositories: names }),
        });
        return textOf(members(data).token);
    }
    catch (error) {
        const words = wordsOf(error);
        if (hasStatus(error, 404))
            throw await notInstalled(app, owner);
        if (hasStatus(error, 403) && /suspended/i.test(words))
            throw suspended(owner, installation);
        if (!hasStatus(error, 422))
            throw error;
        if (/repositor/i.test(words))
            throw await uncovered(app, installation, repositories);
        throw await lacking(app, owner, required, installation);
    }
}
const maxSkew = 60_000;
/** What is wrong with the JWT; null when GitHub accepted it. */
function rejected(error, options) {
    const { clientId, clock } = options;
    if (isUnknownApp(error)) {
        return new problem/* Problem */.AF('token-rejected', `GitHub knows no App with the app-client-id ${(0,domain_text/* quoted */.TL)(clientId)}`, `copy the Client ID from the App’s settings page: ${appPages(options)}`);
    }
    if (!(error instanceof GitHubError))
        return null;
    const { status, proxy, date } = error.refusal;
    if (status !== 401 || proxy)
        return null;
    const answer = answerOf(error.refusal);
    const skew = date === null ? 0 : date.getTime() - clock.now().getTime();
    if (Math.abs(skew) > maxSkew) {
        const seconds = Math.round(Math.abs(skew) / 1000);
        return new problem/* Problem */.AF('token-rejected', `the runner’s clock is ${seconds} seconds ${skew > 0 ? 'behind' : 'ahead of'} GitHub’s, so GitHub rejects requests that are signed with app-private-key: ${answer}`, 'set the runner’s clock (for example by NTP), then run the same command again');
    }
    return new problem/* Problem */.AF('token-rejected', `app-private-key is not a private key of the App that app-client-id names: ${answer}`, `compare both with the App’s settings page (Client ID under About, fingerprints under Private keys); if in doubt, generate a new private key there: ${appPages(options)}`);
}
/** Where a person finds the App. Its own page is not known, since GitHub shows it only to the App. */
function appPages({ serverUrl, owner }) {
    const ofOrganization = `${serverUrl}/organizations/${encodeURIComponent(owner)}/settings/apps`;
    return `${ofOrganization} (or ${serverUrl}/settings/apps, if a person owns the App)`;
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
        dispatch: (repository, workflow) => dispatch(client, repository, workflow),
    };
}
async function readApprovals(client, run) {
    const route = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals';
    try {
        const data = await client.request(route, { ...ownerAndName(run.repository), run_id: run.id });
        return listOf(data).map(approvalOf);
    }
    catch (error) {
        const what = 'read the approvals';
        const problem = explain(error, { what, where: `run ${run.id}`, needs: reading });
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
function readOpenRuns(client, repository, before) {
    const route = 'GET /repos/{owner}/{repo}/actions/runs';
    const created = `<${before.toISOString().slice(0, 19)}Z`;
    const what = 'list the open runs';
    return attempt({ what, where: repository, needs: reading }, async () => {
        const found = [];
        for (const status of openStatuses) {
            const parameters = { ...ownerAndName(repository), status, created };
            const { items } = await client.list(route, parameters, 'workflow_runs', maxRunPages);
            found.push(...items.map(openRunOf));
        }
        return found;
    });
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
    const route = 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}';
    const what = `read workflow ${workflow}`;
    const state = await attempt({ what, where: repository, needs: reading }, async () => {
        const parameters = { ...ownerAndName(repository), workflow_id: workflow };
        const data = await orNull(client.request(route, parameters));
        if (data === null)
            throw noWorkflow(repository, workflow);
        return textOf(members(data).state);
    });
    if (state === 'active')
        return;
    throw new problem/* Problem */.AF('input-invalid', `workflow ${workflow} of ${repository} is disabled`, 'enable it on its page under Actions, or remove redeploy');
}
/** Not sent again when the answer is lost: the workflow would run twice. */
async function dispatch(client, repository, workflow) {
    const names = ownerAndName(repository);
    const page = `${client.serverUrl}/${repository}/actions/workflows/${encodeURIComponent(workflow)}`;
    try {
        const shown = await client.request('GET /repos/{owner}/{repo}', names);
        const ref = textOf(members(shown).default_branch);
        const answer = await client.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', { ...names, workflow_id: workflow, ref }, false);
        return startedRun(answer, client.serverUrl) ?? page;
    }
    catch (error) {
        if (hasStatus(error, 404))
            throw noWorkflow(repository, workflow);
        const needs = 'Actions: read and write';
        const what = `start workflow ${workflow}`;
        const problem = explain(error, { what, where: repository, needs });
        throw hasStatus(error, 422) ? notDispatchable(problem, error, workflow) : problem;
    }
}
/** The page of the run itself, where GitHub names it and it is on the same server. */
function startedRun(data, server) {
    const { html_url: url } = members(data);
    return typeof url === 'string' && url.startsWith(`${server}/`) ? url : null;
}
function notDispatchable(problem, error, workflow) {
    const words = wordsOf(error);
    let hint = `add on: workflow_dispatch to ${workflow} on the default branch, or name another workflow in redeploy`;
    if (/disabled/i.test(words))
        hint = 'enable it on its page under Actions, or remove redeploy';
    else if (/input/i.test(words)) {
        hint = `give every required input under on: workflow_dispatch of ${workflow} a default value`;
    }
    return problem.extend({ code: 'input-invalid', hint });
}
function noWorkflow(repository, workflow) {
    return new problem/* Problem */.AF('input-invalid', `workflow ${workflow} was not found in ${repository} with this token: GitHub answered 404`, 'set redeploy to the file name of a workflow on the default branch, such as deploy.yml, and check that the token covers the repository');
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
 * libsodium's `crypto_box_seal`, as GitHub documents it.
 * @param refresh fetches the sealing key anew
 */
async function seal(name, value, sealingKey, refresh) {
    // Loaded when the first secret is to be sealed, while the sealing key is on its way.
    const [{ default: sodium }, { keyId, key }] = await Promise.all([
        __webpack_require__.e(/* import() */ 768).then(__webpack_require__.bind(__webpack_require__, 4768)),
        sealingKey,
    ]);
    await sodium.ready;
    const recipient = sodium.from_base64(key, sodium.base64_variants.ORIGINAL);
    const box = sodium.crypto_box_seal(value, recipient);
    return {
        name,
        value: sodium.to_base64(box, sodium.base64_variants.ORIGINAL),
        sealingKeyId: keyId,
        reseal: () => seal(name, value, refresh(), refresh),
    };
}

;// CONCATENATED MODULE: ./lib/adapters/github/secrets.js




/** How many secrets GitHub takes at each level. */
const maxSecrets = { repository: 100, environment: 100, organization: 1000 };
/** Secrets of one target over GitHub's REST API. */
function createSecrets(location, visibilities) {
    const read = (name) => orNull(location.call('GET', '/secrets/{secret_name}', { secret_name: name }));
    const put = ({ name, value, sealingKeyId }) => location.call('PUT', '/secrets/{secret_name}', {
        secret_name: name,
        encrypted_value: value,
        key_id: sealingKeyId,
        ...visibilities.of(name),
    });
    return {
        findSecrets: (names) => location.attempt('read secrets', () => findSecrets(location, names, async (name) => {
            const data = await read(name);
            await visibilities.learn(name, data);
            return storedOrNull(data);
        })),
        secret: (name) => location.attempt(`read secret ${name}`, async () => storedOrNull(await read(name))),
        seal: createSealing(location),
        async putSecret(secret) {
            const work = async () => {
                try {
                    await put(secret);
                }
                catch (error) {
                    // GitHub’s answer when the sealing key is not its own any more.
                    if (!hasStatus(error, 422))
                        throw error;
                    await put(await secret.reseal());
                }
            };
            await location.attempt(`write secret ${secret.name}`, work, 'secret');
        },
        async deleteSecret(name) {
            const work = () => orNull(location.call('DELETE', '/secrets/{secret_name}', { secret_name: name }));
            await location.attempt(`delete secret ${name}`, work, 'secret');
        },
    };
}
/**
 * The list decides whether the target exists: a single secret that is missing answers 404 too. An organization may have a
 * thousand secrets, and only the answer about a single one names its visibility, so that each is read by its name there.
 */
async function findSecrets(location, names, read) {
    const readByName = () => Promise.all(names.map(async (name) => [name, await read(name)]));
    const isOrganization = location.kind === 'organization';
    const [page, byName] = await Promise.all([
        location.call('GET', '/secrets', { per_page: isOrganization ? 1 : 100 }),
        isOrganization ? readByName() : null,
    ]);
    const { secrets, total_count: total } = members(page);
    const listed = listOf(secrets).map((secret) => [textOf(members(secret).name).toUpperCase(), storedOf(secret)]);
    const count = typeof total === 'number' ? total : listed.length;
    // A server that takes more secrets than one page shows.
    const found = byName ?? (count > listed.length ? await readByName() : []);
    return {
        stored: new Map([...found, ...listed]),
        room: Math.max(0, maxSecrets[location.kind] - count),
    };
}
/** Seals with the target's key, which is fetched once, and again when GitHub does not know it any more. */
function createSealing(location) {
    let sealingKey = null;
    const refresh = () => {
        const fetched = location.attempt('read the sealing key', async () => readSealingKey(await location.call('GET', '/secrets/public-key')));
        sealingKey = fetched;
        // A failure is not kept: the next secret asks again.
        fetched.catch(() => {
            sealingKey = null;
        });
        return fetched;
    };
    return (name, value) => seal(name, value, sealingKey ?? refresh(), refresh);
}
function storedOrNull(data) {
    return data === null ? null : storedOf(data);
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
    const variable = (name) => location.attempt(`read variable ${name}`, async () => {
        const data = await orNull(location.call('GET', '/variables/{name}', { name }));
        if (data === null) {
            seen.delete(name);
            return null;
        }
        seen.add(name);
        return { ...storedOf(data), value: textOf(members(data).value) };
    });
    const post = async (name, value) => {
        await location.call('POST', '/variables', { name, value, ...visibilities.of(name) });
        seen.add(name);
    };
    const patch = async (name, value) => {
        await location.call('PATCH', '/variables/{name}', { name, value });
        seen.add(name);
    };
    return {
        variable,
        createVariable(name, value) {
            const work = async () => {
                try {
                    await post(name, value);
                    return true;
                }
                catch (error) {
                    if (!hasStatus(error, 409))
                        throw error;
                    return isOwn(error, value, () => variable(name));
                }
            };
            return location.attempt(`create variable ${name}`, work, 'variable');
        },
        saveVariable(name, value) {
            const [first, second, switched] = seen.has(name) ? [patch, post, 404] : [post, patch, 409];
            const work = async () => {
                try {
                    await first(name, value);
                }
                catch (error) {
                    // It was deleted, or created, since it was looked for.
                    if (!hasStatus(error, switched))
                        throw error;
                    await second(name, value);
                }
            };
            return location.attempt(`write variable ${name}`, work, 'variable');
        },
        deleteVariable(name) {
            const work = async () => {
                await orNull(location.call('DELETE', '/variables/{name}', { name }));
                seen.delete(name);
            };
            return location.attempt(`delete variable ${name}`, work, 'variable');
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
        throw (0,problem/* problemIn */.Dk)(error).extend({ uncertain: true });
    }
}

;// CONCATENATED MODULE: ./lib/adapters/github/visibility.js





function createVisibilities(client, spec) {
    if (spec.kind === 'organization')
        return ofOrganization(client, spec);
    return {
        learn: async () => { },
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
    let settled = { visibility: 'private' };
    let lock = null;
    return {
        async learn(name, secret) {
            if (secret === null)
                known.delete(name);
            else
                known.set(name, await readersOf(client, spec.organization, name, secret));
        },
        async settle({ current, lock: lockName }) {
            lock = lockName;
            const found = known.get(current) ?? null;
            const wanted = await wantedReaders(client, spec);
            if (found && wanted)
                assertSame(found, wanted, `${current} of organization ${spec.organization}`);
            settled = found ?? wanted ?? { visibility: 'private' };
        },
        of(name) {
            // Only this action reads the lock, and by a token: nothing is gained by showing it to more workflows.
            if (name === lock)
                return { visibility: 'private' };
            const { visibility, repositories } = known.get(name) ?? settled;
            return {
                visibility,
                ...(repositories && { selected_repository_ids: [...repositories.keys()] }),
            };
        },
        covers(repository) {
            if (!isSameName(spec.organization, ownerAndName(repository).owner))
                return false;
            const { repositories } = settled;
            if (repositories === undefined)
                return true;
            return [...repositories.values()].some((name) => isSameName(name, repository));
        },
    };
}
async function readersOf(client, org, name, secret) {
    const { visibility } = members(secret);
    if (visibility === 'all' || visibility === 'private')
        return { visibility };
    if (visibility !== 'selected')
        throw unexpected();
    const route = 'GET /orgs/{org}/actions/secrets/{secret_name}/repositories';
    const { items, complete } = await client.list(route, { org, secret_name: name }, 'repositories');
    // An incomplete list would take the key away from the repositories that are missing in it.
    if (!complete) {
        throw new GitHubError(refused(null, `the list of repositories that may read secret ${name} does not end`));
    }
    const selected = items
        .map(members)
        .map(({ id, full_name }) => [idOf(id), textOf(full_name)]);
    return { visibility, repositories: new Map(selected) };
}
/** What the input visibility asks for; null when it is empty. */
async function wantedReaders(client, { visibility, repositories }) {
    if (visibility !== 'selected')
        return visibility && { visibility };
    const selected = await Promise.all(repositories.map(async (name) => [await repositoryId(client, name), name]));
    return { visibility, repositories: new Map(selected) };
}
function assertSame(found, wanted, secret) {
    if (wanted.visibility !== found.visibility) {
        throw differs(`visibility is ${wanted.visibility}, but secret ${secret} has visibility ${found.visibility}`);
    }
    const [ids = [], wantedIds = []] = [found, wanted].map(({ repositories }) => [...(repositories?.keys() ?? [])].sort());
    if (ids.join() !== wantedIds.join()) {
        throw differs(`repository does not name the same repositories that may read secret ${secret}`);
    }
}
function differs(fact) {
    return new problem/* Problem */.AF('input-invalid', fact, 'leave visibility empty to keep what the secret has; to change who may read the key, change the secret first, under Settings → Secrets and variables → Actions');
}
function repositoryId(client, repository) {
    return attempt({ what: 'read the id', where: repository }, async () => {
        const data = await client.request('GET /repos/{owner}/{repo}', ownerAndName(repository));
        return idOf(members(data).id);
    });
}
function idOf(value) {
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
        throw unexpected();
    return value;
}

;// CONCATENATED MODULE: ./lib/adapters/github/target.js







/**
 * Secrets and variables of a repository, one of its environments, or an organization.
 * @param lacksActions known beforehand, and reported: what needs that permission is not tried
 */
function createTarget(client, spec, lacksActions = false) {
    const location = locate(client, spec);
    const visibilities = createVisibilities(client, spec);
    const { findSecrets, ...secrets } = createSecrets(location, visibilities);
    const variables = createVariables(location, visibilities);
    let remarks = [];
    return {
        ...secrets,
        ...variables,
        name: location.name,
        environment: location.environment,
        label: location.label,
        readableBy: visibilities.covers,
        get remarks() {
            return remarks;
        },
        async inspect({ privateKey, publicKeyId, record, lock }) {
            const reads = [
                // First, since its problems are shown first: it decides whether the target exists at all.
                findSecrets([...Object.values(privateKey), publicKeyId]),
                variables.variable(record.current),
                variables.variable(record.next),
                variables.variable(record.previous),
                variables.variable(lock),
                lacksActions ? [] : protectionRemarks(location),
            ];
            throwProblems(await Promise.allSettled(reads));
            const [{ stored, room }, current, next, previous, lockVariable, seen] = await Promise.all(reads);
            await visibilities.settle({ current: privateKey.current, lock });
            remarks = seen;
            const secret = (name) => stored.get(name) ?? null;
            return {
                privateKey: {
                    current: secret(privateKey.current),
                    next: secret(privateKey.next),
                    previous: secret(privateKey.previous),
                },
                publicKeyId: secret(publicKeyId),
                records: { current, next, previous },
                lock: lockVariable,
                room,
            };
        },
    };
}
/** One cause fails several reads; it is shown once, since what is to be done about it is the same. */
function throwProblems(results) {
    const problems = results.flatMap((result) => result.status === 'rejected' ? [(0,problem/* problemIn */.Dk)(result.reason)] : []);
    (0,problem/* throwAll */.Kx)(problems.filter(({ code, hint }, index) => problems.findIndex((other) => other.code === code && other.hint === hint) === index));
}
/** Whether a person must approve the jobs that receive an environment's secrets. */
async function protectionRemarks({ kind, label, call }) {
    if (kind !== 'environment')
        return [];
    try {
        const data = await call('GET', '');
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
;