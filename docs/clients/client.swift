// The client loop on URLSessionWebSocketTask: wsspec client --exec 'swift client.swift {url}'
import Foundation

let (url, agent) = (CommandLine.arguments[1], "swift")

/// Opens a path, sends each message back if told to, and gives the last text when the connection has ended.
func open(_ path: String, echo: Bool) async -> String {
    let task = URLSession.shared.webSocketTask(with: URL(string: url + path)!)
    task.maximumMessageSize = 64 << 20
    task.resume()
    var said = ""
    while let message = try? await task.receive() {
        if case .string(let text) = message { said = text }
        if echo { try? await task.send(message) }
    }
    task.cancel()
    return said
}

let count = Int(await open("/getCaseCount", echo: false)) ?? 0
for number in stride(from: 1, through: count, by: 1) {
    _ = await open("/runCase?case=\(number)&agent=\(agent)", echo: true)
}
_ = await open("/updateReports?agent=\(agent)", echo: false)
