// Makes tool outputs smaller before the model reads them. Written by `headroom hooks install opencode`;
// `headroom hooks uninstall opencode` takes it away. Whatever fails here leaves the output as it was.
import { spawn } from "node:child_process"

const COMMAND = ["headroom"]
const MILLISECONDS = 5000
const STARTS = 3

export const Headroom = async ({ directory }: any) => {
  let child: any
  let starts = 0
  let waiting: ((answer: any) => void)[] = []

  const ended = () => {
    child = undefined
    for (const answer of waiting.splice(0)) answer(null)
  }

  const start = () => {
    starts += 1
    const started = spawn(COMMAND[0], COMMAND.slice(1), { stdio: ["pipe", "pipe", "ignore"] })
    let text = ""
    started.on("error", ended)
    started.on("exit", ended)
    started.stdin.on("error", () => {})
    started.stdout.setEncoding("utf8")
    started.stdout.on("data", (data: string) => {
      text += data
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        try {
          waiting.shift()?.(JSON.parse(line))
        } catch {}
      }
    })
    started.unref()
    return started
  }

  child = start() // it takes a while until it can answer

  // Answers come in the order of the questions.
  const ask = (event: any) =>
    new Promise<any>((resolve) => {
      if (!child && starts >= STARTS) return resolve(null)
      child ??= start()
      waiting.push(resolve)
      setTimeout(() => resolve(null), MILLISECONDS).unref?.()
      child.stdin.write(JSON.stringify(event) + "\n")
    })

  return {
    "tool.execute.after": async (input: any, output: any) => {
      try {
        const { tool, sessionID, callID, args } = input
        const seen = { output: output.output, content: output.content }
        const answer = await ask({ tool, sessionID, callID, args, directory, output: seen })
        const made = answer?.output
        if (!made) return
        if (typeof made.output === "string" && typeof output.output === "string") output.output = made.output
        for (const [i, block] of (made.content ?? []).entries()) {
          if (typeof block?.text === "string" && output.content?.[i]) output.content[i].text = block.text
        }
      } catch {}
    },
  }
}
