export const id = 715;
export const ids = [715];
export const modules = {

/***/ 44715:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  GitHubError: () => (/* binding */ GitHubError),
  createGitHub: () => (/* binding */ createGitHub),
  createGitHubClient: () => (/* binding */ createGitHubClient),
  explain: () => (/* binding */ explain),
  refused: () => (/* binding */ refused)
});

// EXTERNAL MODULE: ./node_modules/@actions/github/lib/github.js
var github = __webpack_require__(61351);
;// CONCATENATED MODULE: ./node_modules/is-network-error/index.js
const objectToString = Object.prototype.toString;

const isError = value => objectToString.call(value) === '[object Error]';

const errorMessages = new Set([
	'network error', // Chrome
	'NetworkError when attempting to fetch resource.', // Firefox
	'The Internet connection appears to be offline.', // Safari 16
	'Network request failed', // `cross-fetch`
	'fetch failed', // Undici (Node.js)
	'terminated', // Undici (Node.js)
	' A network error occurred.', // Bun (WebKit)
	'Network connection lost', // Cloudflare Workers (fetch)
]);

function isNetworkError(error) {
	const isValid = error
		&& isError(error)
		&& error.name === 'TypeError'
		&& typeof error.message === 'string';

	if (!isValid) {
		return false;
	}

	const {message, stack} = error;

	// Safari 17+ has generic message but no stack for network errors
	if (message === 'Load failed' || (message.startsWith('Load failed (') && message.endsWith(')'))) {
		return stack === undefined
			// Sentry adds its own stack trace to the fetch error, so also check for that
			|| '__sentry_captured__' in error;
	}

	// Deno network errors start with specific text
	if (message.startsWith('error sending request for url')) {
		return true;
	}

	// Chrome: exact "Failed to fetch" or with hostname: "Failed to fetch (example.com)"
	if (message === 'Failed to fetch' || (message.startsWith('Failed to fetch (') && message.endsWith(')'))) {
		return true;
	}

	// Standard network error messages
	return errorMessages.has(message);
}

;// CONCATENATED MODULE: ./node_modules/p-retry/index.js


function validateRetries(retries) {
	if (typeof retries === 'number') {
		if (retries < 0) {
			throw new TypeError('Expected `retries` to be a non-negative number.');
		}

		if (Number.isNaN(retries)) {
			throw new TypeError('Expected `retries` to be a valid number or Infinity, got NaN.');
		}
	} else if (retries !== undefined) {
		throw new TypeError('Expected `retries` to be a number or Infinity.');
	}
}

function validateNumberOption(name, value, {min = 0, allowInfinity = false} = {}) {
	if (value === undefined) {
		return;
	}

	if (typeof value !== 'number' || Number.isNaN(value)) {
		throw new TypeError(`Expected \`${name}\` to be a number${allowInfinity ? ' or Infinity' : ''}.`);
	}

	if (!allowInfinity && !Number.isFinite(value)) {
		throw new TypeError(`Expected \`${name}\` to be a finite number.`);
	}

	if (value < min) {
		throw new TypeError(`Expected \`${name}\` to be \u2265 ${min}.`);
	}
}

class AbortError extends Error {
	constructor(message) {
		super();

		if (message instanceof Error) {
			this.originalError = message;
			({message} = message);
		} else {
			this.originalError = new Error(message);
			this.originalError.stack = this.stack;
		}

		this.name = 'AbortError';
		this.message = message;
	}
}

function calculateDelay(retriesConsumed, options) {
	const attempt = Math.max(1, retriesConsumed + 1);
	const random = options.randomize ? (Math.random() + 1) : 1;

	let timeout = Math.round(random * options.minTimeout * (options.factor ** (attempt - 1)));
	timeout = Math.min(timeout, options.maxTimeout);

	return timeout;
}

function calculateRemainingTime(start, max) {
	if (!Number.isFinite(max)) {
		return max;
	}

	return max - (performance.now() - start);
}

async function onAttemptFailure({error, attemptNumber, retriesConsumed, startTime, options}) {
	const normalizedError = error instanceof Error
		? error
		: new TypeError(`Non-error was thrown: "${error}". You should only throw errors.`);

	if (normalizedError instanceof AbortError) {
		throw normalizedError.originalError;
	}

	const retriesLeft = Number.isFinite(options.retries)
		? Math.max(0, options.retries - retriesConsumed)
		: options.retries;

	const maxRetryTime = options.maxRetryTime ?? Number.POSITIVE_INFINITY;

	const context = Object.freeze({
		error: normalizedError,
		attemptNumber,
		retriesLeft,
		retriesConsumed,
	});

	await options.onFailedAttempt(context);

	if (calculateRemainingTime(startTime, maxRetryTime) <= 0) {
		throw normalizedError;
	}

	const consumeRetry = await options.shouldConsumeRetry(context);

	const remainingTime = calculateRemainingTime(startTime, maxRetryTime);

	if (remainingTime <= 0 || retriesLeft <= 0) {
		throw normalizedError;
	}

	if (normalizedError instanceof TypeError && !isNetworkError(normalizedError)) {
		if (consumeRetry) {
			throw normalizedError;
		}

		options.signal?.throwIfAborted();
		return false;
	}

	if (!await options.shouldRetry(context)) {
		throw normalizedError;
	}

	if (!consumeRetry) {
		options.signal?.throwIfAborted();
		return false;
	}

	const delayTime = calculateDelay(retriesConsumed, options);
	const finalDelay = Math.min(delayTime, remainingTime);

	options.signal?.throwIfAborted();

	if (finalDelay > 0) {
		await new Promise((resolve, reject) => {
			const onAbort = () => {
				clearTimeout(timeoutToken);
				options.signal?.removeEventListener('abort', onAbort);
				reject(options.signal.reason);
			};

			const timeoutToken = setTimeout(() => {
				options.signal?.removeEventListener('abort', onAbort);
				resolve();
			}, finalDelay);

			if (options.unref) {
				timeoutToken.unref?.();
			}

			options.signal?.addEventListener('abort', onAbort, {once: true});
		});
	}

	options.signal?.throwIfAborted();

	return true;
}

async function pRetry(input, options = {}) {
	options = {...options};

	validateRetries(options.retries);

	if (Object.hasOwn(options, 'forever')) {
		throw new Error('The `forever` option is no longer supported. For many use-cases, you can set `retries: Infinity` instead.');
	}

	options.retries ??= 10;
	options.factor ??= 2;
	options.minTimeout ??= 1000;
	options.maxTimeout ??= Number.POSITIVE_INFINITY;
	options.maxRetryTime ??= Number.POSITIVE_INFINITY;
	options.randomize ??= false;
	options.onFailedAttempt ??= () => {};
	options.shouldRetry ??= () => true;
	options.shouldConsumeRetry ??= () => true;

	// Validate numeric options and normalize edge cases
	validateNumberOption('factor', options.factor, {min: 0, allowInfinity: false});
	validateNumberOption('minTimeout', options.minTimeout, {min: 0, allowInfinity: false});
	validateNumberOption('maxTimeout', options.maxTimeout, {min: 0, allowInfinity: true});
	validateNumberOption('maxRetryTime', options.maxRetryTime, {min: 0, allowInfinity: true});

	// Treat non-positive factor as 1 to avoid zero backoff or negative behavior
	if (!(options.factor > 0)) {
		options.factor = 1;
	}

	options.signal?.throwIfAborted();

	let attemptNumber = 0;
	let retriesConsumed = 0;
	const startTime = performance.now();

	while (Number.isFinite(options.retries) ? retriesConsumed <= options.retries : true) {
		attemptNumber++;

		try {
			options.signal?.throwIfAborted();

			const result = await input(attemptNumber);

			options.signal?.throwIfAborted();

			return result;
		} catch (error) {
			if (await onAttemptFailure({
				error,
				attemptNumber,
				retriesConsumed,
				startTime,
				options,
			})) {
				retriesConsumed++;
			}
		}
	}

	// Should not reach here, but in case it does, throw an error
	throw new Error('Retry attempts exhausted without throwing an error.');
}

function makeRetriable(function_, options) {
	return function (...arguments_) {
		return pRetry(() => function_.apply(this, arguments_), options);
	};
}

// EXTERNAL MODULE: ./lib/domain/problem.js
var domain_problem = __webpack_require__(11591);
;// CONCATENATED MODULE: ./lib/adapters/github.js



/** The API version that these requests were written for. */
const apiVersion = '2022-11-28';
const requestTimeout = 10_000;
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
                    signal: AbortSignal.any([AbortSignal.timeout(requestTimeout), deadline.signal]),
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
            try {
                return await pRetry(() => once(route, parameters), {
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


/***/ })

};
