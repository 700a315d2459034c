// The client loop on ClientWebSocket of .NET 8: wsspec client --exec 'dotnet run -- {url}'
using System.Net.WebSockets;
using System.Text;

var (url, agent) = (args[0], "dotnet");
var count = int.Parse(await Open($"{url}/getCaseCount", false));
var options = new ParallelOptions { MaxDegreeOfParallelism = 16 };
await Parallel.ForEachAsync(Enumerable.Range(1, count), options, async (number, _) =>
    await Open($"{url}/runCase?case={number}&agent={agent}", true));
await Open($"{url}/updateReports?agent={agent}", false);

// Opens a URL, sends each fragment back if told to, and gives the text when the connection has ended.
static async Task<string> Open(string url, bool echo)
{
    var said = new StringBuilder();
    var buffer = new byte[65536];
    using var socket = new ClientWebSocket();
    try
    {
        await socket.ConnectAsync(new Uri(url), default);
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, default);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default);
                break;
            }
            if (echo) await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, default);
            else said.Append(Encoding.UTF8.GetString(buffer, 0, part.Count));
        }
    }
    catch (WebSocketException) { }
    return said.ToString();
}
