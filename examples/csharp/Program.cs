// Enters a room and stays in it until SIGTERM or Ctrl+C. It answers every call.
//
//     dotnet run -- ws://127.0.0.1:3001/ws daily
//
// LASTSEEN_TOKEN_URL names an address that answers with a new token. Without it the client says who it is by itself, which only a
// service for development accepts.
using System.Runtime.InteropServices;
using Lastseen.Example;

if (args.Length < 1)
{
    Console.Error.WriteLine("usage: lastseen-example URL [ROOM]");
    return 2;
}
var tokenUrl = Environment.GetEnvironmentVariable("LASTSEEN_TOKEN_URL");
var room = args.ElementAtOrDefault(1) ?? Environment.GetEnvironmentVariable("LASTSEEN_ROOM") ?? "daily";
using var http = new HttpClient();
Func<Task<string?>> getToken = async () => tokenUrl is null ? null : await http.GetStringAsync(tokenUrl);

var client = new LastseenClient(new Uri(args[0]), getToken, room, Console.WriteLine);
using var ending = new CancellationTokenSource();
void End(PosixSignalContext context)
{
    context.Cancel = true;
    ending.Cancel();
}
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
await client.RunAsync(ending.Token);
return 0;
