// A room with presence on SignalR; all deadlines are the defaults.
using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Error);
builder.Services.AddSignalR();
var app = builder.Build();
app.MapHub<Presence>("/presence");
app.Run($"http://0.0.0.0:{Environment.GetEnvironmentVariable("PORT")}");

public record Person(string Id, string Name, string Room);

public class Presence : Hub
{
    private static readonly ConcurrentDictionary<string, Person> People = new();

    public async Task<IEnumerable<Person>> Join(string room, string name)
    {
        var person = new Person(Context.ConnectionId, name, room);
        var others = People.Values.Where(other => other.Room == room).ToList();
        People[person.Id] = person;
        await Groups.AddToGroupAsync(person.Id, room);
        await Clients.OthersInGroup(room).SendAsync("joined", person);
        return others;
    }

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        if (People.TryRemove(Context.ConnectionId, out var person))
            await Clients.Group(person.Room).SendAsync("left", person);
        await base.OnDisconnectedAsync(exception);
    }
}
