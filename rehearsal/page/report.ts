export const report = async (_: unknown) => ''
