import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'

/** Keeps Stryker from mutating sentences: a text with blanks in it is for people. */
const words = {
  shouldIgnore({ node }) {
    if (node.type === 'StringLiteral' && /\s/.test(node.value)) return 'a sentence'
    if (node.type !== 'TemplateLiteral') return undefined
    return node.quasis.some(({ value }) => / /.test(value.raw)) ? 'a sentence' : undefined
  },
}

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'words', words)]
