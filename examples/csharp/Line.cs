using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Lastseen.Example;

/// <summary>The service has refused a request.</summary>
public sealed class RefusedException(string code, string message, JsonNode? data) : Exception($"{code}: {message}")
{
    public string Code { get; } = code;

    public new JsonNode? Data { get; } = data;
}

/// <summary>
/// One connection: requests and their answers, events, and the heartbeat. .NET answers the ping frames of WebSocket itself while
/// somebody reads.
/// </summary>
public sealed class Line(Func<Line, string, JsonNode, Task> takeEvent) : IAsyncDisposable
{
    private const int Abnormal = 1006;
    /// <summary>A line whose ping got no answer for so long is dead.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(8);

    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource over = new();
    private readonly SemaphoreSlim writing = new(1);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonNode>> pending = new();
    private long lastId;
    private DateTime? unansweredSince;

    public async Task OpenAsync(Uri url, CancellationToken ending)
    {
        socket.Options.AddSubProtocol("lastseen.v1");
        // A client that is no browser sends no Origin, and needs none.
        await socket.ConnectAsync(url, ending);
    }

    /// <exception cref="RefusedException">The service refuses the request.</exception>
    public async Task<JsonNode> RequestAsync(string type, JsonObject data)
    {
        var id = Interlocked.Increment(ref lastId);
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        pending[id] = answer;
        await SendAsync(new JsonObject { ["id"] = id, ["type"] = type, ["data"] = data }.ToJsonString());
        return await answer.Task.WaitAsync(over.Token);
    }

    /// <summary>Pings so often from now on, and gives the connection up when no answer comes.</summary>
    public async void Beat(TimeSpan interval)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(over.Token)) await PingAsync();
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException)
        {
            // The connection is over, and its reader knows.
        }
    }

    /// <summary>Reads until the connection ends.</summary>
    /// <returns>The code of the close; 1006 when the connection broke.</returns>
    public async Task<int> ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                using var message = new MemoryStream();
                WebSocketReceiveResult part;
                do
                {
                    part = await socket.ReceiveAsync(buffer, over.Token);
                    if (part.MessageType == WebSocketMessageType.Close) return (int?)part.CloseStatus ?? Abnormal;
                    message.Write(buffer, 0, part.Count);
                }
                while (!part.EndOfMessage);
                Take(JsonNode.Parse(message.ToArray())!);
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            return Abnormal;
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    public void Abort()
    {
        over.Cancel();
        socket.Abort();
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Take(JsonNode frame)
    {
        if (frame["id"] is { } id && pending.TryRemove((long)id, out var answer))
        {
            if ((bool)frame["ok"]!) answer.SetResult(frame["data"]!);
            else answer.SetException(new RefusedException((string)frame["error"]!["code"]!, (string)frame["error"]!["message"]!, frame["error"]!["data"]));
            return;
        }
        var type = (string?)frame["type"];
        if (type is null) return;
        if (type == "pong") unansweredSince = null;
        if (type == "probe") _ = PingAsync();
        else _ = takeEvent(this, type, frame);
    }

    private async Task PingAsync()
    {
        if (unansweredSince is null)
        {
            unansweredSince = DateTime.UtcNow;
            _ = WatchAsync();
        }
        await SendAsync("""{"type":"ping"}""");
    }

    /// <summary>Gives the connection up when the first unanswered ping is too old.</summary>
    private async Task WatchAsync()
    {
        await Task.Delay(AnswerLimit, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (unansweredSince is { } since && DateTime.UtcNow - since >= AnswerLimit) Abort();
    }

    private async Task SendAsync(string frame)
    {
        await writing.WaitAsync(over.Token);
        try
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, over.Token);
        }
        finally
        {
            writing.Release();
        }
    }
}
