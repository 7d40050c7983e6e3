// Buttons post, and the parts that change are fetched again. The server writes the HTML.
const token = location.hash.slice(1)
const said = document.getElementById('said')
/** The run that is looked at, and the one that was started here and has not ended. */
let shown = 0
let started = 0
let loading = Promise.resolve()

/** Says something to everybody, screen readers included. */
function say(text, bad = false) {
  said.textContent = text
  said.className = bad ? 'bad' : ''
}

async function ask(path, fields) {
  const response = await fetch(path, {
    method: fields ? 'POST' : 'GET',
    headers: { 'x-rehearsal-token': token },
    ...(fields && { body: JSON.stringify(fields) }),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.message)
  return answer
}

/** One after the other, so that an old answer never comes after a newer one. */
function refresh() {
  loading = loading.then(load, load)
  return loading
}

async function load() {
  const { sections, ended } = await ask(`/view?run=${shown}`)
  for (const [id, html] of Object.entries(sections)) update(document.getElementById(id), html)
  if (started === 0 || ended < started) return
  started = 0
  document.body.classList.remove('running')
  const verdict = document.querySelector('#run .verdict')
  say(verdict?.textContent ?? '', verdict?.classList.contains('failure'))
}

/** Leaves alone what has not changed, and what somebody is typing into. */
function update(element, html) {
  if (element.dataset.html === html) return
  if (element.contains(document.activeElement) && document.activeElement.matches('input')) return
  const focused = element.contains(document.activeElement) && document.activeElement.dataset.run
  element.dataset.html = html
  element.innerHTML = html
  if (focused) element.querySelector(`[data-run="${focused}"]`)?.focus()
  reachable(element)
}

/** What scrolls sideways must be reachable by keyboard. */
function reachable(root) {
  for (const element of root.querySelectorAll('pre, table, .log')) {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0
  }
}

async function watch() {
  try {
    await refresh()
  } catch (error) {
    say(
      error instanceof TypeError ? 'The rehearsal has ended in its terminal.' : error.message,
      true,
    )
  }
  setTimeout(watch, started ? 200 : 500)
}

document.addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = event.target
  const { post, command } = form.dataset
  const fields = Object.fromEntries(new FormData(form))
  try {
    if (post === 'run') {
      if (started) return say('A run is under way: wait for its end.', true)
      const more = document.getElementById('more').value
      const { run } = await ask('/run', { ...fields, command, more })
      shown = run
      started = run
      document.body.classList.add('running')
      say(`Run #${run} has started.`)
    } else if (post === 'exchange') {
      const { id } = await ask('/exchange', fields)
      form.querySelector('textarea').value = ''
      say(`The Public Key ID is ${id}.`)
    } else {
      await ask('/delete', fields)
      document.activeElement.blur()
      say(`${fields.id} is deleted.`)
    }
    await refresh()
  } catch (error) {
    say(error.message, true)
  }
})

document.addEventListener('change', async ({ target }) => {
  const form = target.closest('[data-change]')
  if (!form) return
  await ask('/faults', Object.fromEntries(new FormData(form))).catch((error) =>
    say(error.message, true),
  )
})

document.addEventListener('click', async (event) => {
  const copy = event.target.closest('.copy')
  if (copy) {
    const text = copy.dataset.copy ?? copy.parentElement.querySelector('pre').textContent
    await navigator.clipboard.writeText(text)
    copy.classList.add('copied')
    setTimeout(() => copy.classList.remove('copied'), 2000)
    say('Copied.')
    return
  }
  const run = event.target.closest('[data-run]')
  if (run) {
    shown = Number(run.dataset.run)
    return refresh()
  }
  const link = event.target.closest('.summary a[href^="http"]')
  if (link) {
    // A rehearsal leads nowhere else: its own Integration Central and artifacts stand in.
    event.preventDefault()
    stayHere(link.href)
  }
})

function stayHere(address) {
  const artifact = document.getElementById(`artifact-${/artifacts\/(\d+)$/.exec(address)?.[1]}`)
  if (artifact) return artifact.focus()
  const { hostname } = new URL(address)
  if (!hostname.startsWith('sellercentral')) return say(`On GitHub, this leads to ${address}`)
  const region = document.getElementById('central-region')
  region.value = hostname.includes('europe') ? 'eu' : hostname.includes('japan') ? 'jp' : 'us'
  region.focus()
  say('This stands in for Integration Central.')
}

// The switches show what the server knows: everything off.
document.getElementById('faults').reset()
await ask('/faults', {}).catch(() => {})
watch()
