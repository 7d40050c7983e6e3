import { rehypeGithubAlerts } from 'rehype-github-alerts'
import rehypeRaw from 'rehype-raw'
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize'
import rehypeStarryNight from 'rehype-starry-night'
import rehypeStringify from 'rehype-stringify'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import remarkRehype from 'remark-rehype'
import { unified } from 'unified'
import { Html } from './html.ts'

/**
 * A job summary as GitHub renders it: GitHub Flavored Markdown, its sanitiser, and only then what GitHub adds itself
 * (alerts, highlighting, names for the check boxes, a copy button on every fenced block).
 */
export const renderSummary = async (markdown: string): Promise<Html> =>
  new Html(String(await processor.process(markdown)))

const processor = unified()
  .use(remarkParse)
  .use(remarkGfm)
  .use(remarkRehype, { allowDangerousHtml: true })
  .use(rehypeRaw)
  .use(rehypeSanitize, defaultSchema)
  .use(rehypeGithubAlerts, {})
  .use(rehypeStarryNight)
  .use(() => (tree) => withClasses(tree as Node))
  .use(rehypeStringify)

/** As much of a hast node as is needed here. */
interface Node {
  type: string
  tagName?: string
  properties?: Record<string, unknown>
  value?: string
  children?: Node[]
}

function withClasses(node: Node): void {
  for (const child of node.children ?? []) withClasses(child)
  node.children = node.children?.map((child) => {
    if (child.tagName === 'input') {
      const ariaLabel = child.properties?.checked === true ? 'Done' : 'To do'
      const className = ['task-list-item-checkbox']
      return { ...child, properties: { ...child.properties, className, ariaLabel } }
    }
    if (child.tagName === 'pre') return element('div', { className: ['copyable'] }, [child, copy])
    return child
  }) as Node[]
}

const element = (tagName: string, properties: Node['properties'], children: Node[]): Node => ({
  type: 'element',
  tagName,
  properties: properties ?? {},
  children,
})

const icon = element('svg', { viewBox: '0 0 16 16', width: 16, height: 16, ariaHidden: 'true' }, [
  element(
    'path',
    {
      d: 'M0 6.75C0 5.784.784 5 1.75 5h1.5a.75.75 0 0 1 0 1.5h-1.5a.25.25 0 0 0-.25.25v7.5c0 .138.112.25.25.25h7.5a.25.25 0 0 0 .25-.25v-1.5a.75.75 0 0 1 1.5 0v1.5A1.75 1.75 0 0 1 9.25 16h-7.5A1.75 1.75 0 0 1 0 14.25Z',
    },
    [],
  ),
  element(
    'path',
    {
      d: 'M5 1.75C5 .784 5.784 0 6.75 0h7.5C15.216 0 16 .784 16 1.75v7.5A1.75 1.75 0 0 1 14.25 11h-7.5A1.75 1.75 0 0 1 5 9.25Zm1.75-.25a.25.25 0 0 0-.25.25v7.5c0 .138.112.25.25.25h7.5a.25.25 0 0 0 .25-.25v-7.5a.25.25 0 0 0-.25-.25Z',
    },
    [],
  ),
])
const copy = element('button', { type: 'button', className: ['copy'], ariaLabel: 'Copy' }, [icon])
