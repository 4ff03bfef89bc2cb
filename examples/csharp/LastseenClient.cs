using System.Net.WebSockets;
using System.Text.Json.Nodes;

namespace Lastseen.Example;

/// <summary>
/// Keeps one session alive: it connects, says hello, enters a room, comes back after a broken connection, and says goodbye. A
/// <see cref="Line"/> is one connection; what must outlive a connection is here.
/// </summary>
public sealed class LastseenClient(Uri url, Func<Task<string?>> getToken, string room, Action<string> log)
{
    /// <summary>Close codes after which the client stays away: it said goodbye, did wrong, was kicked, or another tab has its session.</summary>
    private static readonly int[] StayAway = [1000, 1009, 4400, 4403, 4409];
    private const int Expired = 4410;
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromSeconds(2);

    private readonly string tabId = $"csharp-{Guid.NewGuid():N}";
    private readonly Uri ownAddress = url;
    private Uri address = url;
    private string wantedRoom = room;
    private JsonNode? session;
    private JsonNode? current;
    private DateTime notBefore = DateTime.MinValue;
    private int attempts;

    /// <summary>Runs until <paramref name="ending"/> is cancelled, or the service has said that the client must stay away.</summary>
    public async Task RunAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            var code = await ConnectOnceAsync(ending);
            if (ending.IsCancellationRequested) return;
            if (StayAway.Contains(code))
            {
                log($"closed with {code}, stays away");
                return;
            }
            if (code == Expired) session = null;
            attempts += 1;
            await Task.Delay(NextWait(), ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The address of the WebSocket of a node: the service names nodes by http and without a path.</summary>
    private static Uri SocketOf(string node)
    {
        var found = new UriBuilder(node);
        if (found.Scheme is "http" or "https") found.Scheme = found.Scheme == "https" ? "wss" : "ws";
        if (!found.Path.EndsWith("/ws", StringComparison.Ordinal)) found.Path = found.Path.TrimEnd('/') + "/ws";
        return found.Uri;
    }

    /// <summary>Each wait is longer than the one before it, and differs from that of other clients.</summary>
    private TimeSpan NextWait()
    {
        var doubled = FirstWait * Math.Pow(2, Math.Min(attempts, 10));
        var wait = (doubled < LongestWait ? doubled : LongestWait) * (0.5 + Random.Shared.NextDouble() / 2);
        var asked = notBefore - DateTime.UtcNow;
        return asked > wait ? asked : wait;
    }

    /// <returns>The code with which the connection was closed; 1006 when it broke.</returns>
    private async Task<int> ConnectOnceAsync(CancellationToken ending)
    {
        await using var line = new Line(TakeEventAsync);
        try
        {
            await line.OpenAsync(address, ending);
            var reading = line.ReadAsync();
            var greeting = GreetAsync(line);
            _ = greeting.ContinueWith(_ => line.Abort(), TaskContinuationOptions.OnlyOnFaulted);
            var ended = Task.Delay(Timeout.Infinite, ending).ContinueWith(_ => { }, TaskScheduler.Default);
            if (await Task.WhenAny(reading, ended) == ended) await SayGoodbyeAsync(line);
            return await reading;
        }
        catch (WebSocketException)
        {
            // The node may be gone, so the next attempt goes to the address that everybody knows.
            address = ownAddress;
            return 1006;
        }
        catch (OperationCanceledException)
        {
            return 1006;
        }
    }

    private static async Task SayGoodbyeAsync(Line line)
    {
        await Task.WhenAny(line.RequestAsync("beforeDisconnect", new JsonObject()), Task.Delay(GoodbyeLimit));
        line.Abort();
    }

    /// <summary>Says hello, and enters the room unless the session is in it already.</summary>
    private async Task GreetAsync(Line line)
    {
        var hello = new JsonObject { ["tabId"] = tabId };
        if (await getToken() is { } token) hello["token"] = token;
        else hello["user"] = new JsonObject { ["id"] = tabId };
        if (session is not null)
        {
            hello["resume"] = new JsonObject
            {
                ["sessionId"] = session["sessionId"]!.DeepClone(),
                ["resumeToken"] = session["resumeToken"]!.DeepClone(),
            };
        }
        try
        {
            session = await line.RequestAsync("hello", hello);
        }
        catch (RefusedException refusal) when (refusal.Code == "session_gone")
        {
            session = null;
            await GreetAsync(line);
            return;
        }
        catch (RefusedException refusal)
        {
            if (refusal.Code == "redirect") address = SocketOf((string)refusal.Data!["url"]!);
            if (refusal.Data?["retryAfterMs"] is { } wait) notBefore = DateTime.UtcNow.AddMilliseconds((double)wait);
            throw;
        }
        attempts = 0;
        log($"session {session["sessionId"]}, resumed: {session["resumed"]}");
        var terms = session["heartbeat"]!;
        line.Beat(TimeSpan.FromMilliseconds((double)(terms["watchedIntervalMs"] ?? terms["intervalMs"])!));
        current = session["room"];
        if (current is null) await JoinAsync(line);
    }

    private async Task JoinAsync(Line line)
    {
        var joined = await line.RequestAsync("join", new JsonObject { ["roomId"] = wantedRoom });
        current = joined["room"];
        // After a takeover these are those of another session. Keep what each join answers.
        foreach (var field in (string[])["sessionId", "epoch", "resumeToken"]) session![field] = joined[field]!.DeepClone();
        log($"in the room {wantedRoom}");
    }

    private async Task TakeEventAsync(Line line, string type, JsonNode frame)
    {
        var data = frame["data"];
        switch (type)
        {
            case "pong":
                await CompareAsync(line, frame["v"]);
                return;
            case "server_closing":
                notBefore = DateTime.UtcNow.AddMilliseconds((double)data!["reconnectAfterMs"]!);
                if (data["url"] is { } heir) address = SocketOf((string)heir!);
                return;
            case "incoming_call":
                var call = new JsonObject { ["callId"] = data!["callId"]!.DeepClone() };
                var accepted = await line.RequestAsync("acceptCall", call);
                if (current is not null) await line.RequestAsync("leave", new JsonObject());
                wantedRoom = (string)accepted["roomId"]!;
                await JoinAsync(line);
                return;
            case "room_closed":
                if (IsOfCurrentRoom(data)) current = null;
                return;
            default:
                if (!IsOfCurrentRoom(data) || data!["version"] is not { } version) return;
                // A real client would change its list of participants here.
                if ((long)version == (long)current!["version"]! + 1) current["version"] = version.DeepClone();
                else await CompareAsync(line, version);
                return;
        }
    }

    private bool IsOfCurrentRoom(JsonNode? data) =>
        current is not null && data is JsonObject && (string?)data["roomId"] == (string?)current["id"];

    /// <summary>Asks for the room when its version is not the known one: an event was lost.</summary>
    private async Task CompareAsync(Line line, JsonNode? version)
    {
        if (current is null || version is null || (long)version == (long)current["version"]!) return;
        current = (await line.RequestAsync("getRoom", new JsonObject()))["room"];
    }
}
