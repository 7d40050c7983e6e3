import rehypeStarryNight from 'rehype-starry-night'
import { rehypeGithubAlerts } from 'rehype-github-alerts'
import rehypeRaw from 'rehype-raw'
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize'
import rehypeStringify from 'rehype-stringify'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import remarkRehype from 'remark-rehype'
import { unified } from 'unified'

/**
 * A job summary as GitHub renders it: GitHub Flavored Markdown, its sanitiser, and only then what GitHub
 * adds itself (alerts, highlighting, names for the check boxes, a copy button on every fenced block).
 */
export const renderMarkdown = async (markdown: string): Promise<string> =>
  String(await processor.process(markdown))

const processor = unified()
  .use(remarkParse)
  .use(remarkGfm)
  .use(remarkRehype, { allowDangerousHtml: true })
  .use(rehypeRaw)
  .use(rehypeSanitize, defaultSchema)
  .use(rehypeGithubAlerts)
  .use(rehypeStarryNight)
  .use(() => (tree) => dress(tree as Node))
  .use(rehypeStringify)

/** As much of a hast node as is needed here. */
interface Node {
  type: string
  tagName?: string
  properties?: Record<string, unknown>
  value?: string
  children?: Node[]
}

function dress(node: Node): void {
  for (const child of node.children ?? []) dress(child)
  node.children = node.children?.map((child) => {
    if (child.tagName === 'input') {
      const done = child.properties?.checked === true
      return { ...child, properties: { ...child.properties, ariaLabel: done ? 'Done' : 'To do' } }
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

const copy = element('button', { type: 'button', className: ['copy'] }, [
  { type: 'text', value: 'Copy' },
])
