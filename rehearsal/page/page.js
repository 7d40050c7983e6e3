// Forms post; the parts that change are fetched again. The server writes the HTML.
const token = location.hash.slice(1)
const byId = (id) => document.getElementById(id)
const form = byId('form')
/** The run that is shown, and the one that was started here and is not over. */
let shown = 0
let started = 0
let loading = Promise.resolve()

/** Says something below the form that it concerns, to screen readers as well. */
function say(where, text, isBad = false) {
  for (const line of document.querySelectorAll('.said')) line.textContent = ''
  const line = where.querySelector('.said')
  line.textContent = text
  line.classList.toggle('bad', isBad)
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
  const { sections, over, situation } = await ask(`/view?run=${shown}`)
  for (const [id, html] of Object.entries(sections)) update(byId(id), html)
  if (document.activeElement !== byId('situation') && !byId('situation').dataset.chosen) {
    byId('situation').value = situation
  }
  const end = over.find(({ id }) => id === started)
  if (end) finish(end)
}

/** A run that was started here is over: what went wrong in it is unticked. */
function finish({ faults, failed, said }) {
  started = 0
  document.body.classList.remove('running')
  for (const fault of faults) form.elements[`fault-${fault}`].checked = false
  for (const fold of form.querySelectorAll('details')) fold.open = false
  // GitHub's form is empty each time; what has failed is easier to correct than to type again.
  if (!failed) empty()
  say(form, said, failed)
}

function empty() {
  const { elements } = form
  for (const name of ['public-key-id', 'replace-staged']) elements[name].value = ''
  elements.leaked.checked = false
}

/** Leaves alone what has not changed, and what a person is typing into. */
function update(element, html) {
  if (element.dataset.html === html) return
  const { activeElement } = document
  const isInside = element.contains(activeElement)
  if (isInside && activeElement.matches('input, textarea')) return
  const mark = isInside && activeElement.dataset.run
  const open = [...element.querySelectorAll('details')].map((one) => one.open)
  element.dataset.html = html
  element.innerHTML = html
  if (mark) element.querySelector(`[data-run="${mark}"]`)?.focus()
  // The keyboard stays where the person was.
  if (isInside && element.id === 'next') toNext()
  if (element.id === 'stored') {
    element.querySelectorAll('details').forEach((one, index) => {
      one.open = open[index] ?? false
    })
  }
  reachable()
}

/** Leads the keyboard to what comes next. */
function toNext() {
  const next = byId('next')
  ;(next.querySelector('button') ?? next).focus()
}

/** What scrolls must be reachable by keyboard. */
function reachable() {
  for (const element of document.querySelectorAll('pre, table, .log, .column')) {
    const scrolls =
      element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight + 1
    if (scrolls) element.tabIndex = 0
    else element.removeAttribute('tabindex')
  }
}
addEventListener('toggle', reachable, true)
addEventListener('resize', reachable)

async function watch() {
  try {
    await refresh()
  } catch (error) {
    const text =
      error instanceof TypeError ? 'The rehearsal has ended in its terminal.' : error.message
    say(form, text, true)
  }
  setTimeout(watch, started ? 200 : 500)
}

/** Posts a form or a button, and says the answer where the person looks. */
async function post(where, name, fields) {
  try {
    const answer = await ask(`/${name}`, fields)
    if (answer.reset) return location.reload()
    say(where, answer.said ?? '')
    if (answer.run) shown = answer.run
    if (name === 'run') {
      started = answer.run
      document.body.classList.add('running')
      say(where, `Run #${answer.run} has started.`)
    }
    await refresh()
    return answer
  } catch (error) {
    say(where, error.message, true)
  }
}

document.addEventListener('submit', async (event) => {
  event.preventDefault()
  const { target, submitter } = event
  const name = target.dataset.post
  const fields = Object.fromEntries(new FormData(target, submitter))
  if (name === 'run' && started) return say(target, 'A run is in progress: wait for its end.', true)
  if (name === 'approve' || name === 'delete') document.activeElement.blur()
  const answer = await post(target, name, fields)
  if (name === 'exchange' && answer) {
    target.elements['public-key'].value = ''
    target.elements.name.value = target.elements.name.defaultValue
  }
  if (name === 'approve' && answer) started = answer.run
  if (name === 'approve' || name === 'delete') toNext()
})

byId('situation').addEventListener('change', ({ target }) => {
  target.dataset.chosen = 'yes'
})

/** Fills in what a person would paste, and leads to the button; pressing it is left to the person. */
const offers = {
  form({ form: fields }) {
    form.reset()
    for (const [name, value] of Object.entries(fields)) {
      const field = form.elements[name]
      if (field.type === 'checkbox') field.checked = value
      else field.value = value
    }
    if (fields.leaked || fields['replace-staged']) form.querySelector('details').open = true
    lead(form)
    say(form, 'Filled in: press Run workflow.')
  },
  exchange({ publicKey, name }) {
    const { elements } = byId('exchange')
    elements['public-key'].value = publicKey
    elements.name.value = name
    lead(byId('exchange'))
    say(byId('exchange'), 'Pasted: press Create keys.')
  },
  async comment({ run, comment }) {
    shown = run
    await refresh()
    const review = document.querySelector('.review')
    if (!review) return
    review.elements.comment.value = comment
    lead(review)
  },
  delete({ id }) {
    const key = byId(`key-${id}`)
    if (!key) return
    key.closest('details').open = true
    key.elements.confirm.focus()
  },
  deploy: () => post(form, 'deploy', {}),
  install: () => post(form, 'install', {}),
  time: ({ minutes }) => post(document.querySelector('[data-post=time]'), 'time', { minutes }),
}

function lead(to) {
  const button = to.querySelector('button[type=submit]')
  to.scrollIntoView({ block: 'nearest' })
  button.focus({ focusVisible: true })
}

document.addEventListener('click', async (event) => {
  const offered = event.target.closest('[data-offer]')
  if (offered) {
    const offer = JSON.parse(offered.dataset.offer)
    return offers[offer.kind](offer)
  }
  const copy = event.target.closest('.copy')
  if (copy) {
    const text = copy.dataset.copy ?? copy.parentElement.querySelector('pre').textContent
    await navigator.clipboard.writeText(text)
    copy.classList.add('copied')
    setTimeout(() => copy.classList.remove('copied'), 2000)
    return
  }
  const run = event.target.closest('[data-run]')
  if (run) {
    shown = Number(run.dataset.run)
    return refresh()
  }
  const link = event.target.closest('.summary a[href^="http"]')
  if (link) {
    // A link out of the summary leads to what stands in for its page.
    event.preventDefault()
    follow(link)
  }
})

function follow(link) {
  const { href } = link
  const artifact = byId(`artifact-${/artifacts\/(\d+)$/.exec(href)?.[1]}`)
  if (artifact) {
    byId('stored-fold').open = true
    return artifact.focus()
  }
  const { hostname, pathname } = new URL(href)
  if (hostname.startsWith('sellercentral')) {
    const region = byId('central-region')
    region.value = hostname.includes('europe') ? 'eu' : hostname.includes('japan') ? 'jp' : 'us'
    region.focus()
    return
  }
  if (pathname.endsWith('/amazon-pay-key.yml')) {
    const near = link.closest('li, p, blockquote')?.textContent ?? ''
    const named = [...near.matchAll(/command:? (\w+)/g)].map(([, name]) => name)
    const commands = [...byId('command').options].map(({ value }) => value)
    const command = named.find((name) => commands.includes(name))
    if (command) byId('command').value = command
    return byId('command').focus()
  }
  const run = /\/runs\/(\d+)$/.exec(pathname)?.[1]
  if (run && document.querySelector(`#runs [data-run="${run}"]`)) {
    shown = Number(run)
    return refresh()
  }
  say(form, `On GitHub, this leads to ${href}`)
}

form.reset()
watch()
