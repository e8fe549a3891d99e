/** The operator's board of a server that is one of several nodes: where each room lives. */
import { expect, it } from 'vitest'
import { barriers } from '../support/barriers.ts'
import { openPages } from '../support/browser.ts'
import { nodeServers } from '../support/node-servers.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'

const others = nodeServers()
const fixture = openPages()

const rooms = { '/r/:name': { module: 'chat' } }

it('names the node of each room, in the list and inside, without a barrier', async () => {
  await fixture.start({ rooms, env: { ADMIN_TOKEN, REDIS_URL: others.redisUrl } })
  const other = await others.start({ rooms })
  const ann = await fixture.server.connect('/r/tea', { name: 'Ann' })
  const ben = await other.connect('/r/milk', { name: 'Ben' })
  await Promise.all([ann.next('welcome'), ben.next('welcome')])
  const { page, quiet } = await fixture.open('/admin/')
  await page.locator('#token').fill(ADMIN_TOKEN)
  await page.keyboard.press('Enter')
  const nodeOf = (path: string) => page.locator(`tr[data-key="${path}"] .node`)
  await nodeOf('/r/milk').waitFor()
  const nodes = await Promise.all([nodeOf('/r/tea').textContent(), nodeOf('/r/milk').textContent()])
  const ids = [fixture.server, other].map(({ logs }) => logs.find(({ msg }) => msg.includes('this node is open'))?.node)
  expect(nodes).toEqual(ids)
  expect(await page.getByRole('columnheader', { name: 'Node' }).isVisible()).toBe(true)
  expect(await barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'Look inside: /r/milk' }).click()
  await page.getByText(`Lives on node ${ids[1]}`).waitFor()
  expect(await barriers(page)).toEqual([])
  quiet()
})
