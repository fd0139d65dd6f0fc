namespace Retrieval.Contracts;

/// <summary>The one vocabulary of failure. Every error that leaves the process carries one of these; <see cref="Status"/> is the table.</summary>
public enum ErrorKind
{
    /// <summary>The request is malformed or asks for something impossible. 400.</summary>
    Invalid,
    /// <summary>No or wrong credentials. 401.</summary>
    Unauthorized,
    /// <summary>Known caller, not allowed. 403.</summary>
    Forbidden,
    /// <summary>The named thing does not exist. 404.</summary>
    NotFound,
    /// <summary>The request contradicts the present state. 409.</summary>
    Conflict,
    /// <summary>A vector of another <see cref="VectorSpace"/>. 409.</summary>
    SpaceMismatch,
    /// <summary>Over a size limit. 413.</summary>
    TooLarge,
    /// <summary>A bounded queue is full; try again after Retry-After. 429.</summary>
    Overloaded,
    /// <summary>Something that is needed does not answer. 503.</summary>
    Unavailable,
    /// <summary>A defect of this program. 500.</summary>
    Internal,
}

/// <summary>The error table: kind to HTTP status.</summary>
public static class ErrorTable
{
    /// <summary>HTTP status code of a kind.</summary>
    public static int Status(this ErrorKind kind) => kind switch
    {
        ErrorKind.Invalid => 400,
        ErrorKind.Unauthorized => 401,
        ErrorKind.Forbidden => 403,
        ErrorKind.NotFound => 404,
        ErrorKind.Conflict or ErrorKind.SpaceMismatch => 409,
        ErrorKind.TooLarge => 413,
        ErrorKind.Overloaded => 429,
        ErrorKind.Unavailable => 503,
        _ => 500,
    };

    /// <summary>Worth repeating later without a change by the caller.</summary>
    public static bool IsTransient(this ErrorKind kind) => kind is ErrorKind.Overloaded or ErrorKind.Unavailable or ErrorKind.Internal;
}
