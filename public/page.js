/**
 * What every page does before it is shown: takes the reader's language, and lets the switch in the header change it.
 */
import { language, preferred, remember, speak, text } from './language.js'

speak(preferred())
document.addEventListener('DOMContentLoaded', ready)
if (document.readyState !== 'loading') ready()

function ready() {
  for (const button of document.querySelectorAll('button[data-language]')) {
    if (button instanceof HTMLButtonElement) dress(button)
  }
  for (const link of document.querySelectorAll('a.skip')) link.addEventListener('click', skip)
  speak(language())
}

/**
 * With a `<base>` a bare `#rooms` would lead away from the page; and in a room the way is to what one came for.
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
function dress(button) {
  const show = () => {
    button.textContent = text('language.other')
    button.lang = language() === 'en' ? 'zh-CN' : 'en'
    button.title = text('language.switch')
    button.setAttribute('aria-label', text('language.switch'))
  }
  show()
  button.onclick = () => {
    const chosen = language() === 'en' ? 'zh' : 'en'
    remember(chosen)
    speak(chosen)
    show()
  }
}
