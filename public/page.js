/**
 * Runs on every page before it is shown: sets the reader's language, and sets up the language switch in the header.
 */
import { language, preferredLanguage, setLanguage, storeLanguage, text } from './language.js'

setLanguage(preferredLanguage())
document.addEventListener('DOMContentLoaded', ready)
if (document.readyState !== 'loading') ready()

function ready() {
  for (const button of document.querySelectorAll('button[data-language]')) {
    if (button instanceof HTMLButtonElement) prepareSwitch(button)
  }
  for (const link of document.querySelectorAll('a.skip')) link.addEventListener('click', skip)
  setLanguage(language())
}

/**
 * Moves the focus. With a `<base>` the link `#rooms` would leave the page; in a room the target is the main field.
 * @param {Event} event
 */
function skip(event) {
  event.preventDefault()
  const link = event.currentTarget
  if (!(link instanceof HTMLAnchorElement)) return
  const main = document.querySelector('[data-main]') ?? document.querySelector(link.hash)
  if (main instanceof HTMLElement) main.focus()
}

/** @param {HTMLButtonElement} button */
function prepareSwitch(button) {
  const show = () => {
    button.textContent = text('language.other')
    button.lang = language() === 'en' ? 'zh-CN' : 'en'
    button.title = text('language.switch')
    button.setAttribute('aria-label', text('language.switch'))
  }
  show()
  button.onclick = () => {
    const chosen = language() === 'en' ? 'zh' : 'en'
    storeLanguage(chosen)
    setLanguage(chosen)
    // Titles and summaries are the server's.
    document.dispatchEvent(new Event('languageswitch'))
    show()
  }
}
